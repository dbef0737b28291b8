import type { SyncError } from './errors.js';
import type { Json } from './json.js';
import type { Store } from './store.js';

/** A message of a room, frozen; the same object until it changes. */
export interface Message<M = Json> {
  /** Stable and unique: the same on every device. */
  readonly id: string;
  /** Its number in the room, from 1 without a gap; null while it is pending, and for one that is not stored. */
  readonly seq: number | null;
  /** Connection id of the sender; 0 if it is not known. */
  readonly from: number;
  /** When the server took it, in milliseconds since 1970; when it was written here, while it is pending. */
  readonly at: number;
  /** What was sent, checked by the schema's `messages`. */
  readonly data: M;
  /** Whether this client sent it; false for those of earlier sessions. */
  readonly own: boolean;
  /**
   * `pending`: it waits for the server. `stored`: the server has it on disk. `passing`: it is not stored anywhere.
   * `failed`: the server refused it, for the reason in `error`.
   */
  readonly status: 'pending' | 'stored' | 'passing' | 'failed';
  /** Why the server refused it: `E_FORBIDDEN` for who may only read, `E_MESSAGE`. Only of failed ones. */
  readonly error?: SyncError;
}

/** A message that has just come, see {@link Messages.listen}. */
export interface IncomingMessage<M = Json> extends Message<M> {
  /** Whether it was sent to this connection alone. */
  readonly direct: boolean;
}

/** What the room knows of its messages as a whole. */
export interface MessagesState {
  /** Whether the server speaks messages; null until it answered, or is silent for ten seconds. */
  readonly supported: boolean | null;
  /** Whether nothing was missed when the link came back the last time; null before that. If false, `list` begins anew. */
  readonly recovered: boolean | null;
  /** How many messages wait for the server. */
  readonly pending: number;
  /** Whether `loadBefore()` may find earlier ones. Servers keep a part of the history: `www/server` 2,000 messages or 4 MiB a room, unless it is told otherwise. */
  readonly hasMore: boolean;
}

/** How a message is sent. */
export interface SendOptions {
  /** Only to this connection, see `Other.connectionId`; not stored anywhere, and acknowledged, with `volatile` or without. */
  readonly to?: number | undefined;
  /** To those who are here now; not stored, not acknowledged, and a newer one may take its place on the way. */
  readonly volatile?: boolean | undefined;
  /** Rejects with `E_TIMEOUT` after so many milliseconds. A stored message still waits then, and is delivered. */
  readonly timeout?: number | undefined;
}

/** What became of a message. */
export interface SentMessage {
  /** Its id; empty if it is not stored. */
  readonly id: string;
  /** Its number in the room; null if it is not stored, or was stored so long ago that the server no longer knows. */
  readonly seq: number | null;
}

/**
 * Messages of a room: stored on the server in one order for all, delivered once, and queued on this device until the
 * server has them. The server must speak the dialect of PROTOCOL.md; `www/server` does. Touching `room.messages`
 * is what makes the room ask for them.
 * @example
 * const { id } = await room.messages.send({ words: 'hello' });
 * room.messages.list.subscribe(() => console.log(id, room.messages.list.getSnapshot().length));
 */
export interface Messages<M = Json> {
  /** The messages known here, in order, then own failed ones, then pending ones. Frozen; those that did not change keep their reference. */
  readonly list: Store<readonly Message<M>[]>;
  /** What is known of them as a whole. */
  readonly state: Store<MessagesState>;
  /** Connection ids of those who type. */
  readonly typing: Store<readonly number[]>;
  /** How far others have read: the number of a message by connection id. */
  readonly reads: Store<ReadonlyMap<number, number>>;
  /**
   * Sends a message. It is saved on this device first, shown in `list` as pending, and survives a reload; the promise
   * resolves when the server has it on disk.
   *
   * Rejects with `E_MESSAGE` (not JSON, over 64 kB or 64 levels, refused by the schema or the server), `E_BUFFER_FULL` (256 messages
   * or 1 MiB wait), `E_FORBIDDEN`, `E_TIMEOUT`, `E_DISPOSED`; with `to` or `volatile` also `E_NOT_FOUND`,
   * `E_NOT_CONNECTED`, `E_UNSUPPORTED`, `E_CONNECTION`, `E_RATE_LIMIT`.
   */
  send(data: M, options?: SendOptions): Promise<SentMessage>;
  /**
   * Sends a failed message again, as a new one, and takes the failed one out of `list`. Rejects as `send` does, and with
   * `E_INVALID_ARGUMENT` for an id that is none of a failed one. The last 256 failed ones are kept, until the room is left.
   */
  retry(id: string): Promise<SentMessage>;
  /** Takes a failed message out of `list`; does nothing for others. */
  discard(id: string): void;
  /**
   * Puts up to `limit` (50) earlier messages before `list`; resolves to whether there may be more. What the server has deleted is not found (see
   * {@link MessagesState.hasMore}). Rejects like a direct message.
   */
  loadBefore(limit?: number): Promise<boolean>;
  /** Hears each message as it comes, also direct and volatile ones; not the history, not the own ones. */
  listen(listener: (message: IncomingMessage<M>) => void): () => void;
  /** Shows others, over presence, that this client types: until false, a message is sent, or five seconds passed. */
  setTyping(typing: boolean): void;
  /** Shows others, over presence, how far this client has read; default: everything. */
  markRead(seq?: number): void;
}

/** An event of somebody else in the room. */
export interface RoomEvent<E = Json> {
  /** What was broadcast, checked by the schema's `events`. */
  readonly event: E;
  /** Connection id of the sender; 0 if it is not known. */
  readonly from: number;
}

/** How an event is broadcast. */
export interface BroadcastOptions {
  /** Keeps it until the server has it, on this device too, and delivers it once also to those who are away for a while. */
  readonly queue?: boolean | undefined;
  /** The default, in words: to those who are here now. */
  readonly volatile?: boolean | undefined;
}
