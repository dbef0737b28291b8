// Clients that are kept, closed or forgotten, by functions of the page and by React under StrictMode.
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, defineSchema, t } from 'rejoin';
import { RoomProvider, SyncProvider, useDoc } from 'rejoin/react';

const schema = defineSchema({ doc: { note: t.text() } });
const make = (options) => createClient({ url: 'ws://127.0.0.1:9', schema, persistence: 'memory', ...options });
const kept = [];

/** Enters a room with a client that nothing here holds; `ending` says what becomes of it. */
window.enter = async (name, ending, options) => {
  const client = make(options);
  const { room, leave } = client.enterRoom(name, { autoConnect: false });
  await room.ready;
  if (ending === 'listen') room.doc.subscribe(() => {});
  if (ending === 'leave') leave();
  if (ending === 'close') await client.close();
  if (ending === 'keep' || ending === 'leave') kept.push(client);
};

function Note() {
  return h('output', { 'data-testid': 'note' }, useDoc((doc) => doc.note) === '' ? 'shown' : 'loading');
}

/** Twice in development, as StrictMode asks each initial state: the second client is thrown away. */
function App() {
  const [client] = useState(() => make());
  return h(SyncProvider, { client }, h(RoomProvider, { id: 'react', autoConnect: false }, h(Note)));
}

const root = createRoot(document.getElementById('root'));
let loads = 0;

/** What a hot reload does: the module makes its client anew, and React takes the new one where the old one was. */
window.reload = () => root.render(h(StrictMode, null, h(App, { key: loads++ })));
window.loaded = true;
