import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as Y from 'yjs';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { enterWith, secret, signed } from './support/tokens.mjs';

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

it('versions that are shared are seen, viewed, restored and removed by two browsers, also kept while one was offline', async (t) => {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
  for (const one of [ann, bob]) {
    await one.enter(server.ws, 'team', {}, { versions: 'shared' });
    await one.page.evaluate(() => {
      window.stop = window.session.room.versions.list.subscribe(() => {});
    });
  }
  await ann.insert(0, 'as it was');
  await bob.hasText('as it was');
  const { id, place } = await ann.page.evaluate(() => window.session.room.versions.save('first'));
  assert.equal(place, 'shared');
  await lists(bob, ['first']);
  await bob.insert(0, 'not ');
  await ann.hasText('not as it was');
  const seen = await bob.page.evaluate(async (version) => {
    const { versions } = window.session.room;
    return { view: await versions.view(version), diff: await versions.diff(version) };
  }, id);
  assert.equal(seen.view.note, 'as it was');
  assert.deepEqual(seen.diff, [{ kind: 'text', path: ['note'], delta: [{ insert: 'not ' }] }]);
  await bob.page.evaluate((version) => window.session.room.versions.restore(version), id);
  await ann.hasText('as it was');
  await bob.page.evaluate((version) => window.session.room.versions.rename(version, 'the first'), id);
  await lists(ann, ['the first']);
  await ann.page.context().setOffline(true);
  await ann.page.evaluate(() => window.session.client.disconnect());
  await ann.append(', offline');
  await ann.page.evaluate(() => window.session.room.versions.save('offline'));
  await lists(ann, ['the first', 'offline']);
  await lists(bob, ['the first']);
  await ann.page.context().setOffline(false);
  await ann.page.evaluate(() => window.session.client.connect());
  await lists(bob, ['the first', 'offline']);
  await bob.page.evaluate((version) => window.session.room.versions.remove(version), id);
  await lists(ann, ['offline']);
  const late = await freshHarness(t, site);
  await late.enter(server.ws, 'team', {}, { versions: 'shared' });
  await assert.rejects(
    late.page.evaluate((version) => window.session.room.versions.view(version), id),
    /E_NOT_FOUND/,
  );
  const kept = () => late.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).sort());
  assert.deepEqual(await kept(), ['rejoin//team', 'rejoin//team~versions']);
  await late.page.evaluate(() => window.session.client.clearData('team'));
  assert.deepEqual(await kept(), []);
});

it('where a token is for the room alone, sharing a version says so', async (t) => {
  const server = await rejoinServer(t, { flags: ['--jwt-key', secret] });
  const ann = await freshHarness(t, await staticSite(t));
  await enterWith(ann, server.ws, 'team', [signed(60, { rooms: ['team'] })], {}, { versions: 'shared' });
  await ann.isConnected();
  await assert.rejects(
    ann.page.evaluate(() => window.session.room.versions.save('first')),
    /E_AUTH/,
  );
});

/** Waits until somebody's list has versions of these names. */
function lists(one, names) {
  const same = (wanted) =>
    JSON.stringify(window.session.room.versions.list.getSnapshot().map(({ name }) => name)) === JSON.stringify(wanted);
  return one.waits(`versions ${names}`, same, names);
}
