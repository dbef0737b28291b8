// Everything of the package's main entry but what needs a platform.
export type { PersistenceAdapter, StoredRecord } from './adapter/types.js';
export type {
  Archive,
  AutomergeImport,
  AutomergeModule,
  Difference,
  DocJson,
  JsonOf,
  ListStep,
  TextStep,
  Version,
  Versions,
  XmlJson,
} from './archive/types.js';
export type {
  Attributes,
  ChangeOrigin,
  Embed,
  EndpointReason,
  TextOp,
} from './boundary.js';
export type { Client, ClientEvents, DeviceState, LostConnection, RoomLease } from './client.js';
export type { Dialect } from './dialect.js';
export { type Encryption, encryptedWith } from './encryption.js';
export type { AuthOption, EndpointContext, Token, UrlOption } from './endpoint.js';
export { ERROR_CODES, type ErrorCode, SyncError, type SyncErrorOptions } from './errors.js';
export type { Transport } from './fallback.js';
export type { BatchOptions, History, HistoryState, SelectionKeeper } from './history.js';
export type { Json } from './json.js';
export type { WasmSource } from './load.js';
export type {
  BroadcastOptions,
  IncomingMessage,
  Message,
  Messages,
  MessagesState,
  RoomEvent,
  SendOptions,
  SentMessage,
} from './messages.js';
export type { Backoff, ClientOptions, LogEvent, LogLevel, ShareConnection } from './options.js';
export type {
  DeviceList,
  LocalMedia,
  LocalTrack,
  Media,
  MediaEvents,
  MediaSlot,
  PublishOptions,
  RemoteTrack,
} from './peers/media-types.js';
export type {
  FileTransfer,
  IceReason,
  IceServers,
  IceSource,
  LinkQuality,
  Peer,
  PeerBlock,
  PeerData,
  PeerMessage,
  PeerState,
  PeersOptions,
  SendDataOptions,
  SendFileOptions,
  SignalingServer,
  TransferStatus,
} from './peers/types.js';
export type { Other, OwnUser, Presence, User, UserStatus } from './presence.js';
export type { QuarantinedRecord } from './quarantine/types.js';
export type { Recovery, Unsynced } from './recovery.js';
export type {
  Cursor,
  DeepEvent,
  ListDelta,
  ListEvent,
  ListRef,
  MapEvent,
  MapRef,
  ObjectEvent,
  ObjectRef,
  Observable,
  PartEvent,
  PartialObjectRef,
  PipeOptions,
  RootLive,
  RootRef,
  Subdoc,
  SubdocName,
  Text,
  TextEvent,
  TextRun,
  XmlElement,
  XmlElementNode,
  XmlFragment,
  XmlInput,
  XmlNode,
  XmlNodes,
} from './refs.js';
export type { ConnectionReason, ConnectionState, EnterOptions, Room, Status, SyncState } from './room.js';
export {
  type Defaulted,
  type DocSnapshot,
  defineSchema,
  type Fields,
  type Infer,
  type Input,
  type Live,
  type Migration,
  type ObjectInput,
  type ObjectType,
  type Register,
  type Registered,
  type Scalar,
  type Schema,
  type SchemaNode,
  type Snap,
  type StandardSchemaV1,
  type SubdocType,
  type Type,
  t,
  type XmlType,
} from './schema.js';
export { shallow } from './shallow.js';
export type {
  CloseCodes,
  CloseInfo,
  CloseRuling,
  CloseTable,
  Heartbeat,
  PartySocketOptions,
  PerAttempt,
  ReconnectingSocket,
  RoomClose,
  SendBuffer,
  SocketContext,
  SocketData,
  SocketEventMap,
  SocketInput,
  SocketListener,
  SocketOptions,
  SocketUrl,
  TokenPlace,
} from './socket.js';
export type {
  AnswerOf,
  AnyEvents,
  ArgumentsOf,
  SocketIo,
  SocketIoAuth,
  SocketIoDisconnect,
  SocketIoEvents,
  SocketIoOptions,
  SocketIoOwnEvents,
  SocketIoUrl,
} from './socket-io.js';
export type { Store } from './store.js';
export type {
  EventKind,
  EventKinds,
  EventName,
  EventSourceOptions,
  EventValue,
  EventValues,
  KeyOf,
  LatestOptions,
  ReconnectingEvents,
  StreamContext,
  StreamFormat,
  StreamInit,
  StreamOptions,
  StreamResponse,
  StreamResume,
  StreamState,
  StreamStatus,
  StreamUrl,
  TextStream,
} from './stream.js';
