import { expectTypeOf, test } from 'vitest';
import {
  type Client,
  createClient,
  type DeviceList,
  type Difference,
  type DocJson,
  type DocSnapshot,
  defineSchema,
  type FileTransfer,
  type LinkQuality,
  type LocalTrack,
  type ObjectRef,
  type PartialObjectRef,
  type Peer,
  type RemoteTrack,
  type Room,
  reconnectingEventSource,
  type Scalar,
  type StandardSchemaV1,
  type Store,
  type Subdoc,
  type SubdocName,
  type Text,
  type TextRun,
  t,
  type Version,
  type XmlElement,
  type XmlJson,
  type XmlNode,
} from '../src/index.js';
import {
  useBroadcastEvent,
  useConnectionQuality,
  useDevices,
  useDoc,
  useEventListener,
  useEventSource,
  useFileTransfers,
  useLatest,
  useLocalMedia,
  useMessages,
  useMutation,
  useMyPresence,
  useOthersMapped,
  usePeer,
  usePeers,
  useRemoteTracks,
  useScreenShare,
  useStore,
  useText,
} from '../src/react.js';

declare const presence: StandardSchemaV1<unknown, { cursor: { x: number; y: number } | null }>;

const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(t.object({ text: t.string(), done: t.boolean() })),
    settings: t.object({ theme: t.string() }),
    page: t.xml(),
    tags: t.map(t.json<StandardSchemaV1<unknown, 'red' | 'blue'>>()),
  },
  presence: undefined as unknown as typeof presence,
  events: undefined as unknown as StandardSchemaV1<unknown, { readonly bang: number }>,
  messages: undefined as unknown as StandardSchemaV1<unknown, { readonly words: string }>,
});

type Doc = DocSnapshot<(typeof schema)['doc']>;

declare module '../src/index.js' {
  interface Register {
    schema: typeof schema;
  }
}

/** Never run: the compiler is the test. */
function compiled(run: () => void): void {
  expectTypeOf(run).toBeFunction();
}

test('snapshots are typed by the schema, and honest about what nobody has set yet', () => {
  expectTypeOf<Doc['note']>().toEqualTypeOf<string>();
  expectTypeOf<Doc['title']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Doc['todos']>().toEqualTypeOf<readonly { readonly text: string; readonly done: boolean }[]>();
  expectTypeOf<Doc['settings']>().toEqualTypeOf<{ readonly theme?: string }>();
  expectTypeOf<Doc['tags']>().toEqualTypeOf<{ readonly [key: string]: 'red' | 'blue' }>();
});

test('live parts are typed by the schema of the client, without registration', () => {
  compiled(() => {
    const { room } = createClient({ url: 'wss://a.example', schema }).enterRoom('demo');
    const { root } = room;
    expectTypeOf(root.get('note')).toEqualTypeOf<Text>();
    expectTypeOf(root.get('title')).toEqualTypeOf<string | undefined>();
    expectTypeOf(root.get('todos').at(0)).toEqualTypeOf<ObjectRef<{ text: Scalar<string>; done: Scalar<boolean> }>>();
    expectTypeOf(root.get('todos').at(0).get('done')).toEqualTypeOf<boolean>();
    expectTypeOf(root.get('settings')).toEqualTypeOf<PartialObjectRef<{ theme: Scalar<string> }>>();
    expectTypeOf(root.get('settings').snapshot).toEqualTypeOf<Store<{ readonly theme?: string }>>();
    expectTypeOf(root.get('todos').snapshot.getSnapshot()).toEqualTypeOf<Doc['todos']>();
    expectTypeOf(room.presence.self.getSnapshot()).toEqualTypeOf<{ cursor: { x: number; y: number } | null } | null>();
    root.get('todos').push({ text: 'a', done: false });
    // @ts-expect-error a wrong type is refused
    root.get('todos').push({ text: 1, done: false });
    // @ts-expect-error a missing field is refused
    root.get('todos').push({ text: 'a' });
    // @ts-expect-error an unknown field is refused
    root.get('nope');
    // @ts-expect-error a snapshot cannot be written to
    (room.doc.getSnapshot() as Doc).todos.push({ text: 'a', done: true });
    // @ts-expect-error presence has a shape too
    room.presence.update({ cursor: 5 });
    expectTypeOf(room.messages.list.getSnapshot()[0]?.data).toEqualTypeOf<{ readonly words: string } | undefined>();
    room.onEvent(({ event }) => expectTypeOf(event).toEqualTypeOf<{ readonly bang: number }>());
    // @ts-expect-error so have messages
    room.messages.send({ bang: 1 });
    // @ts-expect-error and events
    room.broadcast({ words: 'a' });
  });
});

test('hooks know the registered schema', () => {
  compiled(() => {
    expectTypeOf(useDoc((doc) => doc.todos)).toEqualTypeOf<Doc['todos'] | null>();
    expectTypeOf(useOthersMapped((other) => other.presence.cursor)[0]).toEqualTypeOf<
      readonly [connectionId: number, value: { x: number; y: number } | null] | undefined
    >();
    expectTypeOf(useMyPresence()[0]).toEqualTypeOf<{ cursor: { x: number; y: number } | null } | null>();
    expectTypeOf(useText('note')).toEqualTypeOf<readonly [value: string, text: Text] | null>();
    const add = useMutation(({ root }, text: string) => root.get('todos').push({ text, done: false }), []);
    expectTypeOf(add).parameters.toEqualTypeOf<[text: string]>();
    // @ts-expect-error a wrong type is refused
    useMutation(({ root }) => root.get('todos').push({ text: 1, done: false }), []);
    // @ts-expect-error a wrong argument is refused
    add(1);
    expectTypeOf(useMessages().messages[0]?.data).toEqualTypeOf<{ readonly words: string } | undefined>();
    expectTypeOf(useBroadcastEvent()).parameter(0).toEqualTypeOf<{ readonly bang: number }>();
    useEventListener(({ event }) => expectTypeOf(event).toEqualTypeOf<{ readonly bang: number }>());
    const client: Client = createClient({ url: 'wss://a.example' });
    expectTypeOf(useStore(client.connection, ({ status }) => status)).toEqualTypeOf<
      'idle' | 'connecting' | 'connected' | 'reconnecting' | 'disconnected'
    >();
  });
});

declare const Price: StandardSchemaV1<unknown, { symbol: string; value: number }>;

// Only types: this is never called.
export function events(): void {
  const kinds = { price: Price, note: 'text', any: 'json' } as const;
  const source = reconnectingEventSource('/prices', { events: kinds });
  source.on('price', (price, event) => {
    expectTypeOf(price).toEqualTypeOf<{ symbol: string; value: number }>();
    expectTypeOf(event).toEqualTypeOf<MessageEvent<string>>();
  });
  source.on('note', (note) => expectTypeOf(note).toEqualTypeOf<string>());
  source.on('any', (value) => expectTypeOf(value).toEqualTypeOf<unknown>());
  source.on('message', (data) => expectTypeOf(data).toEqualTypeOf<string>());
  const latest = source.latest('price', ({ symbol }) => symbol).getSnapshot();
  expectTypeOf(latest).toEqualTypeOf<ReadonlyMap<string | number, { symbol: string; value: number }>>();
}

// Only types: this is never rendered.
export function Board(): null {
  const { events: held } = useEventSource('/prices', { events: { price: Price, note: 'text' } });
  expectTypeOf(useLatest(held, 'price')).toEqualTypeOf<{ symbol: string; value: number } | undefined>();
  expectTypeOf(useLatest(held, 'note')).toEqualTypeOf<string | undefined>();
  return null;
}

test('peers, files and media are typed, and a room is entered with their options', () => {
  compiled(() => {
    const client = {} as Client<typeof schema>;
    client.enterRoom('a', { peers: true });
    const { room } = client.enterRoom('a', { peers: { mode: 'p2p-first', ice: async () => ({ iceServers: [] }) } });
    // @ts-expect-error there is no such mode
    client.enterRoom('a', { peers: { mode: 'p2p' } });
    expectTypeOf(room.send('draw', { x: 1 }, { to: [1], reliable: false })).toEqualTypeOf<Promise<number>>();
    // @ts-expect-error functions cannot be sent
    void room.send('draw', () => {});
    void room.media.publish({ camera: { width: 640 }, mic: {} as MediaStreamTrack, screen: true });
    // @ts-expect-error there is no such slot
    void room.media.mute('face');
    room.media.on('fallback', ({ deviceId }) => expectTypeOf(deviceId).toEqualTypeOf<string | null>());
    expectTypeOf(usePeers()).toEqualTypeOf<readonly Peer[]>();
    expectTypeOf(usePeer(1)).toEqualTypeOf<Peer | null>();
    expectTypeOf(useConnectionQuality(1)).toEqualTypeOf<LinkQuality | null>();
    expectTypeOf(useLocalMedia().camera).toEqualTypeOf<LocalTrack | null>();
    expectTypeOf(useRemoteTracks()).toEqualTypeOf<readonly RemoteTrack[]>();
    expectTypeOf(useDevices()).toEqualTypeOf<DeviceList>();
    expectTypeOf(useScreenShare().start).toEqualTypeOf<(options?: DisplayMediaStreamOptions) => Promise<void>>();
    expectTypeOf(useFileTransfers().offers).toEqualTypeOf<readonly FileTransfer[]>();
    expectTypeOf(useFileTransfers().offers[0]?.accept).toEqualTypeOf<(() => Promise<File>) | undefined>();
  });
});

test('XML is a list of nodes, and its live parts are elements and texts', () => {
  expectTypeOf<Doc['page']>().toEqualTypeOf<readonly XmlNode[]>();
  compiled(() => {
    const { room } = createClient({ url: 'wss://a.example', schema }).enterRoom('demo');
    const page = room.root.get('page');
    expectTypeOf(page.at(0)).toEqualTypeOf<Text | XmlElement>();
    page.push('text', { tag: 'p', children: [{ tag: 'br' }] });
    // @ts-expect-error an element has a name
    page.push({ children: [] });
    // @ts-expect-error a number is no node
    page.insert(0, 7);
  });
});

test('exports and versions know the schema', () => {
  type OfRoom = Room<typeof schema>;
  type Exported = DocJson<typeof schema>;
  expectTypeOf<Exported['note']>().toEqualTypeOf<string | readonly TextRun[] | undefined>();
  expectTypeOf<Exported['title']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<NonNullable<Exported['todos']>[number]>().toEqualTypeOf<{
    readonly text: string;
    readonly done: boolean;
  }>();
  expectTypeOf<Exported['page']>().toEqualTypeOf<readonly XmlJson[] | undefined>();
  expectTypeOf<Exported['tags']>().toEqualTypeOf<{ readonly [key: string]: 'red' | 'blue' } | undefined>();
  expectTypeOf<OfRoom['exportJson']>().returns.resolves.toEqualTypeOf<Exported>();
  expectTypeOf<OfRoom['importJson']>().parameter(0).toEqualTypeOf<Exported>();
  expectTypeOf<OfRoom['versions']['view']>().returns.resolves.toEqualTypeOf<Doc>();
  expectTypeOf<ReturnType<OfRoom['versions']['list']['getSnapshot']>>().toEqualTypeOf<readonly Version[]>();
  expectTypeOf<OfRoom['versions']['diff']>().returns.resolves.toEqualTypeOf<readonly Difference[]>();
  // @ts-expect-error a title is a string
  const wrong: Exported = { title: 1 };
  void wrong;
});

test('a document of another name is a name in snapshots, and a room to enter', () => {
  const other = defineSchema({ doc: { pages: t.map(t.subdoc()), cover: t.subdoc() } });
  expectTypeOf<DocSnapshot<(typeof other)['doc']>>().toEqualTypeOf<{
    readonly pages: { readonly [key: string]: SubdocName };
    readonly cover: SubdocName | undefined;
  }>();
  compiled(() => {
    const { room } = createClient({ url: 'wss://a.example', schema: other }).enterRoom('demo');
    expectTypeOf(room.root.get('cover')).toEqualTypeOf<Subdoc | undefined>();
    const lease = room.root.get('pages').get('a')?.enter({ schema });
    expectTypeOf(lease?.room).toEqualTypeOf<Room<typeof schema> | undefined>();
    // @ts-expect-error a name is an object with a guid
    room.root.get('pages').set('a', 'guid');
  });
});
