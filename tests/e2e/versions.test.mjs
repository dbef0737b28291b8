import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as Y from 'yjs';
import { closeBrowser, newContext } from './support/browser.mjs';
import { harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

it('versions survive a reload, are seen by all tabs, and are restored for everybody; V2 goes both ways', async (t) => {
  const server = await rejoinServer(t);
  const context = await newContext(t);
  const site = await staticSite(t);
  const [first, second] = [await harnessPage(context, site), await harnessPage(context, site)];
  await first.enter(server.ws, 'kept');
  await second.enter(server.ws, 'kept');
  await second.page.evaluate(() => {
    window.stop = window.session.room.versions.list.subscribe(() => {});
  });
  await first.insert(0, 'as it was');
  const { id, size, place } = await first.page.evaluate(() => window.session.room.versions.save('first'));
  assert.ok(size > 0 && place === 'device');
  await second.waits(
    'the version',
    (wanted) => window.session.room.versions.list.getSnapshot().some((version) => version.id === wanted),
    id,
  );
  await second.hasText('as it was');
  await second.insert(0, 'not ');
  await first.hasText('not as it was');
  await first.isSynced();
  await first.page.reload();
  await first.page.waitForFunction(() => window.loaded);
  await first.enter(server.ws, 'kept');
  await first.hasText('not as it was');
  const seen = await first.page.evaluate(async (version) => {
    const { versions } = window.session.room;
    return { view: await versions.view(version), diff: await versions.diff(version) };
  }, id);
  assert.equal(seen.view.note, 'as it was');
  assert.deepEqual(seen.diff, [{ kind: 'text', path: ['note'], delta: [{ insert: 'not ' }] }]);
  await first.page.evaluate((version) => window.session.room.versions.restore(version), id);
  await second.hasText('as it was');
  const v2 = await second.page.evaluate(async () => [...(await window.session.room.encodeStateAsUpdateV2())]);
  const doc = new Y.Doc();
  Y.applyUpdateV2(doc, new Uint8Array(v2));
  doc.getText('note').insert(0, 'V2: ');
  await second.page.evaluate(
    (bytes) => window.session.room.applyUpdateV2(new Uint8Array(bytes)),
    [...Y.encodeStateAsUpdateV2(doc)],
  );
  await first.hasText('V2: as it was');
});
