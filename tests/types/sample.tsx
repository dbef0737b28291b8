// The API to aim at, as an app writes it; compiled with the oldest and the newest TypeScript, never run.
import {
  createClient,
  defineSchema,
  type Room,
  reconnectingEventSource,
  reconnectingWebSocket,
  type StandardSchemaV1,
  shallow,
  stream,
  t,
} from 'rejoin';
import { mountDevtools } from 'rejoin/devtools';
import { hocuspocus } from 'rejoin/hocuspocus';
import {
  RoomProvider,
  SyncProvider,
  useDoc,
  useMutation,
  useOthersMapped,
  useRoom,
  useStatus,
  useStream,
  useSyncStatus,
  useTextInput,
  useUpdateMyPresence,
} from 'rejoin/react';
import { createTestNetwork, memoryStorage } from 'rejoin/testing';
import { attachYjs, type YjsDoc, type YjsModule, type YjsProvider } from 'rejoin/yjs';

declare const presence: StandardSchemaV1<unknown, { cursor: { x: number; y: number } | null }>; // zod/valibot in real life
const schema = defineSchema({
  doc: { note: t.text(), answer: t.text(), todos: t.list(t.object({ text: t.string(), done: t.boolean() })) },
  presence,
});
declare module 'rejoin' {
  interface Register {
    schema: typeof schema;
  }
}
const client = createClient({ url: 'wss://sync.example.com', preventUnsavedChanges: true });
export const App = () => (
  <SyncProvider client={client}>
    <RoomProvider id="demo" initialPresence={{ cursor: null }}>
      <Note />
      <Todos />
      <Cursors />
      <Ask />
      <Bar />
    </RoomProvider>
  </SyncProvider>
);
// 1 collaborative text
function Note() {
  return <textarea {...useTextInput('note')} />;
}
// 2 todos
function Todos() {
  const todos = useDoc((d) => d.todos);
  const add = useMutation(({ root }, text: string) => root.get('todos').push({ text, done: false }), []);
  const toggle = useMutation(({ root }, i: number, done: boolean) => root.get('todos').at(i).set('done', done), []);
  if (!todos) return null;
  return (
    <>
      {todos.map((x, i) => (
        <button type="button" key={i} onClick={() => toggle(i, !x.done)}>
          {x.text}
        </button>
      ))}
      <button type="button" onClick={() => add('new')}>
        add
      </button>
    </>
  );
}
// 3 cursors
function Cursors() {
  const set = useUpdateMyPresence();
  const others = useOthersMapped((o) => o.presence.cursor, shallow);
  return (
    <div onPointerMove={(e) => set({ cursor: { x: e.clientX, y: e.clientY } })}>
      {others.map(([id, c]) => c && <i key={id} style={{ left: c.x, top: c.y }} />)}
    </div>
  );
}
// 4 LLM stream into the shared document
function Ask() {
  const room = useRoom();
  const s = useStream('/api/chat', { method: 'POST', format: 'openai', resume: true, into: room.root.get('answer') });
  return (
    <button type="button" onClick={() => (s.status === 'streaming' ? s.stop() : s.start(JSON.stringify({ q: 'hi' })))}>
      {s.status}
    </button>
  );
}
function Bar() {
  const status = useStatus(),
    sync = useSyncStatus({ smooth: true });
  return (
    <small>
      {status} · {sync === 'synchronized' ? 'saved' : 'saving…'}
    </small>
  );
}
export const Bad = () => {
  // @ts-expect-error wrong type is rejected
  const add = useMutation(({ root }) => root.get('todos').push({ text: 1, done: false }), []);
  return <button type="button" onClick={add} />;
};
// vanilla
export async function vanilla() {
  using lease = client.enterRoom('demo');
  const { room } = lease;
  await room.ready;
  room.root.get('note').insert(0, 'hi');
  room.doc.subscribe(() => console.log(room.doc.getSnapshot()?.note));
}

export const dialect = hocuspocus({ onStateless: ({ room, text }) => console.log(room, text) });
export const collaboration = createClient({ url: 'wss://sync.example.com', dialect });
export const isSent: boolean = dialect.sendStateless('demo', 'publish');

/** A document of the app's own: the types of yjs are not needed for it. */
export function editor(room: Room, Y: YjsModule<YjsDoc>, doc: YjsDoc): YjsProvider<YjsDoc> {
  const provider = attachYjs(room, { Y, doc });
  provider.on('saved', (isSaved) => console.log(isSaved satisfies boolean));
  provider.on('error', ({ code }) => console.log(code));
  provider.awareness.on('change', ({ added }) => console.log(added.length));
  return provider;
}

export async function tested(): Promise<void> {
  const network = createTestNetwork();
  const client = network.createClient({ schema, persistence: memoryStorage() });
  network.cut(client);
  network.pretend('demo', { name: 'Eve' }).leave();
  await network.settled({ patience: 1_000 });
  await network.close();
}

export function develop(): () => void {
  const links = {
    prices: reconnectingEventSource('/prices'),
    chat: stream('/chat'),
    plain: reconnectingWebSocket('/ws'),
  };
  const docs = (code: string) => `https://docs.example/${code}`;
  return mountDevtools(client, { corner: 'top-left', theme: 'dark', open: true, events: 50, links, docs });
}
