import type { Json } from 'rejoin';
import type { ServerRoom } from './server-room.js';
import type { PretendedPeer } from './types.js';

type Presence = { readonly [member: string]: Json };

/** Who is not heard of for 30 seconds is gone (y-protocols/awareness), so it is said again, in milliseconds. */
const RENEWAL = 15_000;

/** Somebody whom the server shows by itself. */
export class PretendedRoomPeer implements PretendedPeer {
  readonly connectionId: number = 1 + Math.floor(Math.random() * (2 ** 32 - 1));
  readonly #room: Promise<ServerRoom>;
  readonly #onLeave: () => void;
  readonly #renewal: ReturnType<typeof setInterval>;
  #presence: Presence | null;
  #clock = 0;

  constructor(room: Promise<ServerRoom>, presence: Presence, onLeave: () => void) {
    this.#room = room;
    this.#presence = presence;
    this.#onLeave = onLeave;
    this.#renewal = setInterval(() => this.#show(), RENEWAL);
    this.#show();
  }

  update(presence: Presence): void {
    if (!this.#presence) return;
    this.#presence = { ...this.#presence, ...presence };
    this.#show();
  }

  leave(): void {
    if (!this.#presence) return;
    this.#presence = null;
    clearInterval(this.#renewal);
    this.#show();
    this.#onLeave();
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  #show(): void {
    const entry = {
      client: this.connectionId,
      clock: ++this.#clock,
      state: this.#presence && JSON.stringify(this.#presence),
    };
    // Why there is no room is told by `settled()`.
    this.#room.then(
      (room) => room.show([entry]),
      () => {},
    );
  }
}
