// Updates of Yjs in both formats, made of random histories, through our codec and back into Yjs: they must say the same.
// INTEROP_SEEDS=n sets how many histories run, INTEROP_SEED=n replays one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as Y from 'yjs';
import { startPeer } from './peer.mjs';
import { canonical, dice, edit } from './random.mjs';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
let peer;

before(() => {
  peer = startPeer();
});
after(() => peer?.stop());

/** Two replicas that saw of each other what chance let through, and every update in both formats. */
function history(seed) {
  const rng = dice(seed);
  const replicas = [1 + (seed % 9), 4_000_000_000 + seed].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
  const updates = [];
  for (const doc of replicas) {
    const own = (name, listener) => doc.on(name, (update, origin) => origin !== 'remote' && listener(update));
    own('update', (v1) => updates.push({ v1 }));
    own('updateV2', (v2) => Object.assign(updates.at(-1), { v2 }));
  }
  for (let step = 0; step < 12; step++) {
    const [doc, other] = rng.below(2) ? replicas : [...replicas].reverse();
    doc.transact(() => edit(doc, rng));
    if (rng.below(3) === 0) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc), 'remote');
  }
  for (const doc of replicas) updates.push({ v1: Y.encodeStateAsUpdate(doc), v2: Y.encodeStateAsUpdateV2(doc) });
  return updates;
}

const shown = (doc) =>
  canonical({
    text: doc.getText('text'),
    list: doc.getArray('list'),
    root: doc.getMap('root'),
    xml: doc.getXmlFragment('xml'),
  }) + JSON.stringify(doc.getText('text').toDelta());

/** A document that heard all of them, in one format. */
function heard(updates, apply) {
  const doc = new Y.Doc();
  for (const update of updates) apply(doc, update);
  return shown(doc);
}

test('updates of random histories say the same in both formats', async () => {
  const one = process.env.INTEROP_SEED;
  const first = one === undefined ? 0 : Number(one);
  const count = one === undefined ? Number(process.env.INTEROP_SEEDS ?? 2000) : 1;
  for (let seed = first; seed < first + count; seed++) {
    const updates = history(seed);
    const asked = updates.flatMap(({ v1, v2 }) => [
      peer.ask({ do: 'toV2', update: hex(v1) }),
      peer.ask({ do: 'toV1', update: hex(v2) }),
    ]);
    const answers = (await Promise.all(asked)).map(bytes);
    const [toV2, toV1] = [0, 1].map((odd) => answers.filter((_, at) => at % 2 === odd));
    const wanted = heard(updates, (doc, { v1 }) => Y.applyUpdate(doc, v1));
    assert.equal(heard(toV2, Y.applyUpdateV2), wanted, `INTEROP_SEED=${seed}: our V2 reads differently`);
    assert.equal(heard(toV1, Y.applyUpdate), wanted, `INTEROP_SEED=${seed}: V1 made of V2 reads differently`);
    for (const [at, { v1 }] of updates.entries()) assert.deepEqual(toV1[at], v1, `INTEROP_SEED=${seed}: update ${at}`);
  }
  console.log(`${count} histories in both formats: 0 differences`);
});

test('what Yjs wrote in V2 is refused when it is cut anywhere', async () => {
  const { v2 } = history(1).at(-1);
  const cuts = await Promise.all([...v2.keys()].map((end) => peer.ask({ do: 'toV1', update: hex(v2.slice(0, end)) })));
  assert.deepEqual(
    cuts.flatMap((answer, end) => (answer === null ? [] : [end])),
    [],
  );
});
