import type { Room, Schema } from 'rejoin';
import { type SocketConstructor, socketConstructor } from '../shared/socket-constructor.js';
import { VirtualSocket } from '../shared/virtual-socket.js';
import type { Post } from './post.js';
import type { ServerRoom } from './server-room.js';

/** The scheme and host of rooms; never looked up. */
export const BASE = 'ws://rejoin.test';

/** What a seat needs of its network. */
export interface SeatHost {
  readonly post: Post;
  enter(room: string): Promise<ServerRoom>;
}

/** A room through which others are entered. */
type EnteringRoom = Room<Schema> & {
  readonly enterRoom: (...given: never[]) => { readonly room: Room<Schema> };
};

/** Where a client is plugged in: its sockets, which go to the server in memory. */
export class Seat {
  readonly Socket: SocketConstructor;
  /** Rooms it has entered, by id. */
  readonly rooms: Set<string> = new Set();
  /** Rooms that are being loaded. */
  readonly loading: Set<Room<Schema>> = new Set();
  isCut = false;
  readonly #watched = new WeakSet<EnteringRoom>();
  readonly #host: SeatHost;
  /** Sockets that are open, with their room. */
  readonly #open = new Map<VirtualSocket, ServerRoom>();
  /** Sockets that wait for the network, or for their room. */
  readonly #opening = new Set<VirtualSocket>();

  constructor(host: SeatHost) {
    this.#host = host;
    this.Socket = socketConstructor((url, protocols) => this.#dial(url, protocols));
  }

  /** The client has entered a room, which has no socket before it is loaded and has its token. */
  note(room: Room<Schema>): void {
    this.rooms.add(room.id);
    this.loading.add(room);
    const done = (): unknown => this.loading.delete(room);
    room.ready.then(done, done);
    this.#noteWithin(room as EnteringRoom);
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#open.keys()) this.#end(socket, 1006, '', false);
  }

  restore(): void {
    this.isCut = false;
    for (const socket of this.#opening) void this.#connect(socket);
  }

  drop(code: number, reason: string): void {
    for (const socket of this.#open.keys()) this.#end(socket, code, reason, true);
  }

  /** Documents in its document, and its shared versions, are rooms that are entered through it. */
  #noteWithin(room: EnteringRoom): void {
    if (this.#watched.has(room)) return;
    this.#watched.add(room);
    const { enterRoom } = room;
    const noted: EnteringRoom['enterRoom'] = (...given) => {
      const lease = enterRoom(...given);
      this.note(lease.room);
      return lease;
    };
    Object.assign(room, { enterRoom: noted });
  }

  #dial(url: string, protocols: readonly string[]): VirtualSocket {
    const room = decodeURIComponent(new URL(url).pathname.slice(1));
    const port = {
      bufferedAmount: 0,
      send: (socket: VirtualSocket, frame: Uint8Array<ArrayBuffer>) =>
        this.#host.post.send(() => this.#open.get(socket)?.hear(socket, frame)),
      close: (socket: VirtualSocket) => this.#host.post.send(() => this.#forget(socket)),
    };
    const socket = new VirtualSocket(port, room, url, protocols);
    this.#opening.add(socket);
    if (!this.isCut) void this.#connect(socket);
    return socket;
  }

  async #connect(socket: VirtualSocket): Promise<void> {
    // Why there is none is told by `settled()`.
    const room = await this.#host.enter(socket.id).catch(() => null);
    // It may have been cut, closed or opened meanwhile.
    if (!room || this.isCut || !this.#opening.delete(socket)) return;
    this.#open.set(socket, room);
    this.#host.post.send(() => {
      if (!this.#open.has(socket)) return;
      socket.open('');
      room.join(socket);
    });
  }

  #end(socket: VirtualSocket, code: number, reason: string, clean: boolean): void {
    this.#forget(socket);
    this.#host.post.send(() => socket.end(code, reason, clean));
  }

  #forget(socket: VirtualSocket): void {
    this.#opening.delete(socket);
    const room = this.#open.get(socket);
    this.#open.delete(socket);
    room?.leave(socket);
  }
}
