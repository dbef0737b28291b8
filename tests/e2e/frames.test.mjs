import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { closeBrowser } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';

after(closeBrowser);

describe('a server that sends', () => {
  it('text frames: told as E_PROTOCOL at most, and edits go on', async (t) => {
    const { page, proxy, check } = await room(t, 'text-frames');
    proxy.inject('hello');
    proxy.inject('x'.repeat(100_000));
    await check('after text frames');
    for (const { code } of (await page.seen()).errors) assert.equal(code, 'E_PROTOCOL');
  });

  it('truncated frames: told as E_PROTOCOL, the link is made anew, and nothing is lost', async (t) => {
    const { page, proxy, check } = await room(t, 'truncated');
    const whole = updateFrame(updates(['a word'])[0]);
    for (let length = 1; length < whole.length; length += 3) proxy.inject(whole.subarray(0, length));
    await page.hasError('E_PROTOCOL');
    await check('after truncated frames');
    await onlyTyped(page);
  });

  it('random frames, a hundred of them: typed errors, and nothing is lost', async (t) => {
    const { page, proxy, check } = await room(t, 'random');
    const random = generator(7);
    for (let count = 0; count < 100; count++) {
      const frame = Uint8Array.from({ length: 1 + (random() % 200) }, () => random() % 256);
      // Sync and awareness messages, so that most of the bytes are looked at.
      frame[0] = random() % 2;
      proxy.inject(frame);
    }
    await check('after random frames');
    await onlyTyped(page);
  });

  it('an update with a hole: held and asked for, shown once the hole is filled', async (t) => {
    const { page, proxy, server } = await room(t, 'holes');
    const [first, second, third] = updates(['one ', 'two ', 'three']);
    proxy.inject(updateFrame(Y.mergeUpdates([first, third])));
    await page.waits('something is held', () => window.session.room.sync.getSnapshot().held > 0);
    const { status } = await page.sync();
    assert.equal(status, 'synchronizing');
    assert.ok(!(await page.text()).includes('three'));
    const stock = stockClient(t, server.ws, 'holes');
    await stock.synced();
    for (const update of [first, second, third]) Y.applyUpdate(stock.doc, update);
    await page.hasWords('one two three');
    await page.isSynced();
    assert.equal((await page.sync()).held, 0);
  });

  it('four bytes that would allocate hundreds of megabytes: refused as E_UPDATE, edits go on', async (t) => {
    const { page, proxy, server, check } = await room(t, 'bomb');
    proxy.inject(updateFrame(Uint8Array.of(0xff, 0xff, 0xff, 0x7f)));
    await page.hasError('E_UPDATE');
    await page.append('and ');
    await stockClient(t, server.ws, 'bomb').hasText('before; and ');
    // Something of this server was refused on this link, so it is not claimed that everything is here.
    assert.equal((await page.sync()).status, 'synchronizing');
    proxy.cut();
    await page.hasStatus('reconnecting');
    await check('after the bomb', 'and ');
  });

  it('a frame of 120 MiB: refused as E_FRAME_TOO_LARGE, and edits go on', async (t) => {
    const { page, proxy, check } = await room(t, 'huge');
    proxy.inject(Buffer.alloc(120 << 20));
    await page.hasError('E_FRAME_TOO_LARGE');
    await check('after a huge frame');
  });
});

/** A room with a word in it, behind a proxy; `check` adds another and follows it to the server and back. */
async function room(t, name) {
  const server = await rejoinServer(t);
  const proxy = await holdingProxy(t, server.ws);
  const page = await freshHarness(t, await staticSite(t));
  await page.enter(proxy.ws, name);
  await page.insert(0, 'before; ');
  await page.isSynced();
  const check = async (words, earlier = '') => {
    await page.append(words);
    await page.isConnected();
    await page.isSynced();
    const stock = stockClient(t, server.ws, name);
    await stock.hasText(`before; ${earlier}${words}`);
    await page.hasText(`before; ${earlier}${words}`);
  };
  return { page, proxy, server, check };
}

async function onlyTyped(page) {
  const { errors, crashes } = await page.seen();
  for (const { code, message } of errors) assert.match(code, /^E_(PROTOCOL|UPDATE|FRAME_TOO_LARGE|PRESENCE)$/, message);
  assert.deepEqual(crashes, []);
}

/** Updates of a stock document to which these words were appended, one each. */
function updates(words) {
  const doc = new Y.Doc();
  const list = [];
  doc.on('update', (update) => list.push(update));
  for (const word of words) doc.getText('note').insert(doc.getText('note').length, word);
  return list;
}

/** y-sync: message 0 (sync), type 2 (update). */
function updateFrame(update) {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, 2);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

/** Numbers that are the same in every run (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
