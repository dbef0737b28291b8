'use client';

export { ClientSideSuspense, type ClientSideSuspenseProps } from './react/client-side.js';
export {
  RoomProvider,
  type RoomProviderProps,
  SyncProvider,
  type SyncProviderProps,
  useClient,
  useRoom,
} from './react/context.js';
export { useDoc, useMutation, useText } from './react/document.js';
export { type EventSourceHandle, useEventSource, useLatest } from './react/events.js';
export { type UndoHandle, useUndo } from './react/history.js';
export { type MessagesView, useBroadcastEvent, useEventListener, useMessages, useTyping } from './react/messages.js';
export type { MutationContext } from './react/mutations.js';
export {
  type FileTransfersView,
  type LocalMediaView,
  type ScreenShare,
  useConnectionQuality,
  useDevices,
  useFileTransfers,
  useLocalMedia,
  usePeer,
  usePeers,
  useRemoteTracks,
  useScreenShare,
} from './react/peers.js';
export {
  useMyPresence,
  useOther,
  useOthers,
  useOthersConnectionIds,
  useOthersMapped,
  useUpdateMyPresence,
  useUsers,
} from './react/presence.js';
export { type SocketHandle, type UseSocketOptions, useSocket } from './react/socket.js';
export {
  useConnection,
  useErrorListener,
  useLostConnectionListener,
  useStatus,
  useSyncStatus,
} from './react/status.js';
export { type IsEqual, useStore } from './react/store.js';
export { type StreamHandle, type UseStreamOptions, useStream } from './react/stream.js';
export { type TextInputProps, useTextInput } from './react/text-input.js';
export { shallow } from './shallow.js';
export type { TextField } from './text-input.js';
