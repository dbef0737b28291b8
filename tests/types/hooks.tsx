// The type of every hook of both entries, with the schema that sample.tsx registers; compiled, never run.
import type {
  BroadcastOptions,
  Client,
  ConnectionState,
  DeviceList,
  EventKinds,
  IncomingMessage,
  Json,
  LinkQuality,
  Message,
  Other,
  Peer,
  ReconnectingEvents,
  ReconnectingSocket,
  RemoteTrack,
  Room,
  RoomEvent,
  SyncError,
  Text,
  User,
} from 'rejoin';
import { reconnectingEventSource } from 'rejoin';
import * as hooks from 'rejoin/react';
import * as waiting from 'rejoin/react/suspense';

type Cursor = { cursor: { x: number; y: number } | null };
type Todos = readonly { readonly text: string; readonly done: boolean }[];
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the value is of exactly this type. */
const is =
  <T,>() =>
  <U,>(_: U & (Equal<T, U> extends true ? unknown : never)): void => {};

export function Every(): null {
  is<(event: Json, options?: BroadcastOptions) => Promise<void>>()(hooks.useBroadcastEvent());
  is<Client>()(hooks.useClient());
  is<ConnectionState>()(hooks.useConnection());
  is<LinkQuality | null>()(hooks.useConnectionQuality(1));
  is<DeviceList>()(hooks.useDevices());
  is<Todos | null>()(hooks.useDoc((doc) => doc.todos));
  hooks.useErrorListener((error) => is<SyncError>()(error));
  hooks.useEventListener((event) => is<RoomEvent<Json>>()(event));
  is<ReconnectingEvents<{ readonly n: 'text' }> | null>()(hooks.useEventSource(null, { events: { n: 'text' } }).events);
  const { signal } = new AbortController();
  is<ReconnectingEvents>()(reconnectingEventSource('/events', { events: {} as EventKinds, signal }));
  // @ts-expect-error a signal, not what makes it
  reconnectingEventSource('/events', { signal: new AbortController() });
  is<number>()(hooks.useFileTransfers().offers.length);
  is<string | undefined>()(hooks.useLatest(null as ReconnectingEvents<{ readonly n: 'text' }> | null, 'n'));
  is<string | null>()(hooks.useLocalMedia().camera?.deviceId ?? null);
  hooks.useLostConnectionListener((event) => is<'lost' | 'restored' | 'failed'>()(event));
  is<readonly Message<Json>[]>()(hooks.useMessages().messages);
  is<(text: string) => number | undefined>()(
    hooks.useMutation(({ root }, text: string) => root.get('note').length + text.length, []),
  );
  is<readonly [Cursor | null, (partial: Partial<Cursor>) => void]>()(hooks.useMyPresence());
  is<Cursor['cursor'] | null>()(hooks.useOther(1, ({ presence }) => presence.cursor));
  is<readonly Other<Cursor>[]>()(hooks.useOthers());
  is<number>()(hooks.useOthers((others) => others.length));
  is<readonly number[]>()(hooks.useOthersConnectionIds());
  is<readonly (readonly [connectionId: number, value: Cursor['cursor']])[]>()(
    hooks.useOthersMapped(({ presence }) => presence.cursor),
  );
  is<Peer | null>()(hooks.usePeer(1));
  is<readonly Peer[]>()(hooks.usePeers());
  is<readonly RemoteTrack[]>()(hooks.useRemoteTracks());
  is<Room>()(hooks.useRoom());
  is<boolean>()(hooks.useScreenShare().track === null);
  is<ReconnectingSocket<string, string> | null>()(hooks.useSocket<string, string>(null).socket);
  is<ConnectionState['status']>()(hooks.useStatus());
  is<number>()(hooks.useStore(hooks.useClient().sync, ({ pending }) => pending));
  is<string>()(hooks.useStream(null).text);
  is<'synchronizing' | 'synchronized' | 'rejected'>()(hooks.useSyncStatus({ smooth: true }));
  is<readonly [value: string, text: Text] | null>()(hooks.useText('note'));
  is<(element: HTMLInputElement | HTMLTextAreaElement | null) => void>()(hooks.useTextInput('note').ref);
  is<(element: HTMLInputElement | HTMLTextAreaElement | null) => void>()(
    hooks.useTextInput(hooks.useText('note')?.[1] ?? 'note').ref,
  );
  is<readonly [typing: readonly number[], setTyping: (typing: boolean) => void]>()(hooks.useTyping());
  is<boolean>()(hooks.useUndo().canUndo);
  is<(partial: Partial<Cursor>) => void>()(hooks.useUpdateMyPresence());
  is<readonly User[]>()(hooks.useUsers());
  return null;
}

export function Waiting(): null {
  is<Todos>()(waiting.useDoc((doc) => doc.todos));
  is<readonly [value: string, text: Text]>()(waiting.useText('note'));
  is<Room>()(waiting.useRoom());
  is<(text: string) => number>()(
    waiting.useMutation(({ root }, text: string) => root.get('note').length + text.length, []),
  );
  is<readonly [Cursor, (partial: Partial<Cursor>) => void]>()(waiting.useMyPresence());
  is<Cursor['cursor'] | null>()(waiting.useOther(1, ({ presence }) => presence.cursor));
  is<(element: HTMLInputElement | HTMLTextAreaElement | null) => void>()(
    waiting.useTextInput(waiting.useText('note')[1]).ref,
  );
  is<typeof hooks.RoomProvider>()(waiting.RoomProvider);
  return null;
}

/** Wrong uses do not compile. */
export function Wrong(): null {
  // @ts-expect-error there is no such field
  hooks.useDoc((doc) => doc.nope);
  // @ts-expect-error presence has a shape
  hooks.useUpdateMyPresence()({ cursor: 5 });
  // @ts-expect-error snapshots are not written to
  hooks.useDoc((doc) => doc.todos.push({ text: '', done: true }));
  // @ts-expect-error an unknown field is refused
  hooks.useMutation(({ root }) => root.get('todos').push({ text: '', done: true, more: 1 }), []);
  // @ts-expect-error a text has no `set`
  hooks.useMutation(({ root }) => root.get('note').set('x'), []);
  // @ts-expect-error it is null while loading
  hooks.useDoc((doc) => doc.note).length;
  const heard: IncomingMessage<Json> | null = null;
  return heard;
}
