// Letters typed into a Y.Doc alone, into one that encodes its updates for a provider, and into one that is attached to a room: medians of five.
import * as Y from 'yjs';
import { createClient, defineSchema, t } from '../../pkg/dist/index.node.js';
import { attachYjs } from '../../pkg/dist/yjs.js';

const RUNS = 5;
const LETTERS = 20_000;
const client = createClient({ schema: defineSchema({ doc: { note: t.text() } }), url: null, persistence: 'memory' });
let rooms = 0;

await compare('alone', () => {});
await compare('with a provider that does nothing', (doc) => void doc.on('update', () => {}));
await compare('attached, its root not in the schema', attach('editor'));
await compare('attached, its root in the schema', attach('note'));
await client.close();

async function compare(name, prepare) {
  const times = [];
  for (let run = 0; run <= RUNS; run++) {
    const doc = new Y.Doc();
    const { root = 'editor', end } = (await prepare(doc)) ?? {};
    const text = doc.getText(root);
    const began = performance.now();
    for (let at = 0; at < LETTERS; at++) text.insert(at, 'x');
    if (run > 0) times.push(performance.now() - began);
    await end?.();
  }
  times.sort((a, b) => a - b);
  console.log(`${LETTERS} letters ${name}: ${((times[RUNS >> 1] * 1000) / LETTERS).toFixed(1)} µs each`);
}

function attach(root) {
  return async (doc) => {
    const { room, leave } = client.enterRoom(`room ${rooms++}`);
    await room.ready;
    const provider = attachYjs(room, { Y, doc });
    await new Promise((resolve) => setImmediate(resolve));
    return {
      root,
      end: () => {
        if (room.encodeStateAsUpdate().length < LETTERS) throw new Error('the room lacks letters');
        provider.destroy();
        leave();
      },
    };
  };
}
