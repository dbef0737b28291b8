// yjs and y-websocket as npm has them, in Node.
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { until } from './wait.mjs';

/** A stock client in a room. */
export function stockClient(t, url, room) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true });
  t.after(() => {
    provider.destroy();
    doc.destroy();
  });
  const text = doc.getText('note');
  return {
    doc,
    provider,
    text,
    synced: () => until('the stock client is synced', () => provider.synced),
    hasText: (expected) =>
      until(`the stock client has ${JSON.stringify(expected)}`, () => text.toString() === expected),
    hasList: (name, expected) =>
      until(`the stock client has the list ${name}`, () => isDeepStrictEqual(doc.getArray(name).toJSON(), expected)),
    pushTask: (words) => {
      const task = new Y.Map([
        ['text', new Y.Text(words)],
        ['done', true],
      ]);
      doc.getArray('todos').push([task]);
    },
    sees: (name) =>
      until(`the stock client sees ${name}`, () =>
        [...provider.awareness.getStates().values()].some((state) => state.name === name),
      ),
  };
}
