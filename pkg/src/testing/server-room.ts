import type { Room, Schema } from 'rejoin';
import type { Core } from '../boundary.js';
import { messagesOf, type PresenceEntry, presenceMessage, presenceOf } from '../shared/frames.js';
import { join, varUint } from '../shared/lib0.js';
import { MessageLog } from './message-log.js';
import type { Post } from './post.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A link of somebody in a room. */
export interface Member {
  receive(type: 'message', frame: Bytes): void;
}

/** A document of the server, which is of no version: what the clients' say is theirs to heed. */
export interface ServerDocument extends Pick<Room<Schema>, 'stateVector' | 'encodeStateAsUpdate'> {
  /** Asks the core, past the guard that keeps an app from writing into a later version. */
  read<T>(fn: (core: Core, room: number) => T): T;
}

/** A room of the server: the document of a core of its own, and who is there. */
export class ServerRoom {
  readonly #document: ServerDocument;
  readonly #post: Post;
  readonly #members = new Set<Member>();
  readonly #presence = new Map<number, PresenceEntry>();
  /** Whose presence came over which socket. */
  readonly #owners = new Map<number, Member>();
  readonly #messages: MessageLog<Member>;

  /** `epoch`: of the numbers of messages; another one where earlier ones may be gone. */
  constructor(document: ServerDocument, post: Post, epoch?: number) {
    this.#document = document;
    this.#post = post;
    this.#messages = new MessageLog((socket, frame) => this.#say(socket, frame), epoch);
  }

  /** A link is open: it is asked for what it has, and shown who is here. */
  join(socket: Member): void {
    this.#members.add(socket);
    this.#say(socket, sync(0, this.#document.stateVector()));
    this.showAll(socket);
  }

  leave(socket: Member): void {
    this.#members.delete(socket);
    this.#messages.leave(socket);
    const gone = [...this.#owners].filter(([, owner]) => owner === socket).map(([client]) => client);
    this.show(gone.map((client) => ({ client, clock: this.clockOf(client) + 1, state: null })));
  }

  /** How many are here. */
  get size(): number {
    return this.#members.size;
  }

  /** The clock that somebody was shown with last. */
  clockOf(client: number): number {
    return this.#presence.get(client)?.clock ?? 0;
  }

  /** Shows these to everybody but whose socket it is. */
  show(entries: readonly PresenceEntry[], from?: Member): void {
    const news = entries.filter(({ client, clock, state }) => {
      const known = this.#presence.get(client);
      return !known || clock > known.clock || (clock === known.clock && state === null && known.state !== null);
    });
    for (const entry of news) {
      this.#presence.set(entry.client, entry);
      if (from && entry.state !== null) this.#owners.set(entry.client, from);
      else this.#owners.delete(entry.client);
    }
    if (news.length === 0) return;
    for (const member of this.#members) if (member !== from) this.#say(member, presenceMessage(news));
  }

  /** Shows a member who is here. */
  showAll(socket: Member): void {
    const present = [...this.#presence.values()].filter(({ state }) => state !== null);
    if (present.length > 0) this.#say(socket, presenceMessage(present));
  }

  /** A member says something. */
  hear(socket: Member, frame: Bytes): void {
    for (const { kind, payload, bytes } of messagesOf(frame)) {
      if (kind === 'ask') this.#say(socket, sync(1, this.#document.encodeStateAsUpdate(payload)));
      else if (kind === 'answer' || kind === 'update') this.#take(payload);
      else if (kind === 'presence') this.show(presenceOf(payload), socket);
      else if (kind === 'query') this.showAll(socket);
      else if (kind === 'foreign') this.#messages.hear(socket, bytes);
    }
  }

  /** What everybody is shown, its sender too, is acknowledged by that. */
  #take(update: Bytes): void {
    this.#document.read((core, room) => core.applyUpdate(room, update));
    for (const member of this.#members) this.#say(member, sync(2, update));
  }

  #say(socket: Member, frame: Bytes): void {
    this.#post.send(() => {
      if (this.#members.has(socket)) socket.receive('message', frame);
    });
  }
}

/** A message of y-protocols/sync. */
function sync(kind: 0 | 1 | 2, body: Uint8Array): Bytes {
  return join(Uint8Array.of(0, kind), varUint(body.length), body as Bytes);
}
