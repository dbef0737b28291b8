import type { Client } from '../../src/client.js';
import * as hooks from '../../src/react.js';
import type { schema } from './client.js';

type S = typeof schema;

/** Uses every hook of the entry, and shows what each gave; `url` is where sockets and streams would be. */
export function EveryHook({ client, url }: { readonly client: Client<S>; readonly url: string | null }) {
  const mutate = hooks.useMutation<[], void, S>(({ root }) => root.get('note').insert(0, 'x'), []);
  const values = {
    useBroadcastEvent: typeof hooks.useBroadcastEvent<S>(),
    useClient: hooks.useClient<S>() === client,
    useConnection: hooks.useConnection(),
    useConnectionQuality: hooks.useConnectionQuality(1),
    useDevices: hooks.useDevices().cameras,
    useDoc: hooks.useDoc<string, S>((doc) => doc.note),
    useErrorListener: hooks.useErrorListener(() => {}),
    useEventListener: hooks.useEventListener<S>(() => {}),
    useEventSource: hooks.useEventSource(url).connection.status,
    useFileTransfers: hooks.useFileTransfers().transfers,
    useLatest: hooks.useLatest(null, 'message'),
    useLocalMedia: hooks.useLocalMedia().camera,
    useLostConnectionListener: hooks.useLostConnectionListener(() => {}),
    useMessages: hooks.useMessages<S>().messages,
    useMutation: typeof mutate,
    useMyPresence: hooks.useMyPresence<S>()[0],
    useOther: hooks.useOther<number, S>(1, (other) => other.presence.x),
    useOthers: hooks.useOthers<S>(),
    useOthersConnectionIds: hooks.useOthersConnectionIds(),
    useOthersMapped: hooks.useOthersMapped<number, S>((other) => other.presence.x),
    usePeer: hooks.usePeer(1),
    usePeers: hooks.usePeers(),
    useRemoteTracks: hooks.useRemoteTracks(),
    useRoom: hooks.useRoom<S>().id,
    useScreenShare: hooks.useScreenShare().track,
    useStatus: hooks.useStatus(),
    useSocket: hooks.useSocket(url).status,
    useStore: hooks.useStore(client.sync).pending,
    useStream: hooks.useStream(url).status,
    useSyncStatus: hooks.useSyncStatus({ smooth: true }),
    useText: hooks.useText<S>('note'),
    useTextInput: typeof hooks.useTextInput('note').ref,
    useTyping: hooks.useTyping()[0],
    useUndo: hooks.useUndo().canUndo,
    useUpdateMyPresence: typeof hooks.useUpdateMyPresence<S>(),
    useUsers: hooks.useUsers(),
  };
  return <pre>{JSON.stringify({ names: Object.keys(values).sort(), ...values })}</pre>;
}
