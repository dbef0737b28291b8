// A stored record that kills the wasm instance: the traps are real, only what sets them off is put in by the test.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

const nowhere = 'ws://127.0.0.1:1';
const poison = 'P0ISON';

describe('a stored record that crashes the core each time it is read', () => {
  for (const how of ['plain', 'sealed']) {
    it(`(${how}) is set aside and told; the room opens without it, and what was set aside comes out whole`, async (t) => {
      const log = await poisonedLog(t, how);
      const page = await log.open();
      await page.page.evaluate(armTrap, poison);
      assert.equal(await page.tryToEnter(nowhere, 'notes'), null);
      assert.equal(await page.text(), 'above; below');
      const { errors, crashes } = await page.seen();
      assert.deepEqual(
        errors.map(({ code }) => code).filter((code) => code !== 'E_STORAGE_CORRUPT'),
        ['E_QUARANTINED'],
      );
      assert.match(errors.find(({ code }) => code === 'E_QUARANTINED').message, /client\.quarantined\("notes"\)/);
      assert.ok(crashes.length >= 2 && crashes.every(({ recovered }) => recovered));
      await page.append(', and on');
      await page.isSaved();

      const later = await log.open();
      await later.page.evaluate(armTrap, poison);
      await later.enter(nowhere, 'notes');
      assert.equal(await later.text(), 'above; below, and on');
      assert.deepEqual((await later.seen()).crashes, [], 'it is not read again');

      const cured = await log.open();
      await cured.enter(nowhere, 'notes');
      assert.equal(await cured.page.evaluate(bringBack), 1);
      assert.match(await cured.text(), /^above; below.*P0ISON.*$/);
      assert.equal(await cured.page.evaluate(async () => (await window.session.client.quarantined('notes')).length), 0);
    });
  }

  it('takes no other room with it: those of the same client and of another go on', async (t) => {
    const log = await poisonedLog(t);
    const server = await rejoinServer(t);
    const page = await log.open();
    await page.enter(server.ws, 'fine');
    await page.insert(0, 'well. ');
    await page.isSynced();
    await page.page.evaluate(armTrap, poison);
    const texts = await page.page.evaluate(async (url) => {
      const { client, room: fine } = window.session;
      const here = client.enterRoom('notes', { autoConnect: false }).room;
      await here.ready;
      await fine.ready;
      const other = window.newSession({ url, room: 'elsewhere' });
      await other.room.ready;
      fine.root.get('note').insert(0, 'still ');
      return [here, fine].map(({ doc }) => doc.getSnapshot().note);
    }, server.ws);
    assert.deepEqual(texts, ['above; below', 'still well. ']);
    await page.isSynced();
    assert.ok((await page.seen()).crashes.every(({ recovered }) => recovered));
  });

  it('is told apart from an edit that crashes it: that room is given up, and no record is set aside', async (t) => {
    const page = await (await poisonedLog(t)).open();
    await page.enter(nowhere, 'notes');
    const { codes, kept } = await page.page.evaluate(async () => {
      const { Core } = await import('/rejoin/core.js');
      Core.prototype.textInsert = function () {
        this.crashForTest();
      };
      const { client, room } = window.session;
      const codes = [];
      for (let times = 0; times < 2; times++) {
        await room.ready;
        codes.push(window.codeOf(() => window.session.note().insert(0, 'x')));
      }
      codes.push(await room.ready.catch(({ code }) => code));
      return { codes, kept: (await client.quarantined('notes')).length };
    });
    assert.deepEqual(codes, ['E_CORE_CRASHED', 'E_CORE_CRASHED', 'E_CORE_CRASHED']);
    assert.equal(kept, 0);
  });
});

/** A profile in whose log three runs wrote, one of them what is to be poison; nothing hangs on that. */
async function poisonedLog(t, how = 'plain') {
  const [context, site] = [await newContext(t), await staticSite(t)];
  const open = async () => {
    const page = await harnessPage(context, site);
    if (how === 'sealed') await page.page.evaluate(() => window.sealWith(7));
    return page;
  };
  for (const write of [
    (page) => page.append('below'),
    (page) => page.append(` ${poison}`),
    (page) => page.insert(0, 'above; '),
  ]) {
    const page = await open();
    await page.enter(nowhere, 'notes');
    await write(page);
    await page.isSaved();
    await page.page.close();
  }
  return { open };
}

/** Runs in the page. From now on the instance dies of whoever copies these words into it: a real trap, in the middle of its work. */
async function armTrap(words) {
  const { Core } = await import('/rejoin/core.js');
  const [marker, aside] = [words, 'rjq1'].map((text) => new TextEncoder().encode(text));
  const startsWith = (bytes, at, part) => part.every((byte, next) => bytes[at + next] === byte);
  const isPoison = (bytes) => !startsWith(bytes, 0, aside) && bytes.some((_, at) => startsWith(bytes, at, marker));
  let core;
  for (const method of ['enterRoom', 'applyUpdate']) {
    const original = Core.prototype[method];
    Core.prototype[method] = function (...given) {
      core = this;
      return original.apply(this, given);
    };
  }
  const original = Uint8Array.prototype.set;
  Uint8Array.prototype.set = function (source, ...at) {
    const entersWasm = core && this.buffer !== source.buffer && this.buffer.byteLength > 1 << 18;
    if (entersWasm && source instanceof Uint8Array && isPoison(source)) core.crashForTest();
    return original.call(this, source, ...at);
  };
}

/** Runs in the page: applies what was set aside, and discards it. */
async function bringBack() {
  const { client, room } = window.session;
  const records = await client.quarantined('notes');
  for (const { update, discard } of records) {
    room.applyUpdate(update);
    await discard();
  }
  return records.length;
}
