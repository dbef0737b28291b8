import type { Sender } from './unsent.js';

/** Rooms that send at once. */
const MOST = 2;

/** What a courier needs. */
export interface CourierHost {
  open(id: string): Sender;
  /** Whether nothing of a room is left to send. */
  isSent(room: Sender): boolean;
  /** Everything of a room is on the server. */
  delivered(id: string): void;
  /** Something ended: there may be more. */
  check(): void;
}

/** Enters rooms for as long as something waits in them, a few at once. */
export class Courier {
  readonly #host: CourierHost;
  readonly #sending = new Map<string, () => void>();
  /** Rooms that did not take it: again when they were entered by the app, or by another page. */
  readonly #refused = new Set<string>();

  constructor(host: CourierHost) {
    this.#host = host;
  }

  /** Sends what waits in these rooms, and in no others. */
  carry(ids: readonly string[]): void {
    for (const [id, end] of this.#sending) if (!ids.includes(id)) end();
    for (const id of this.#refused) if (!ids.includes(id)) this.#refused.delete(id);
    for (const id of ids) {
      if (this.#sending.size >= MOST) return;
      if (!this.#sending.has(id) && !this.#refused.has(id)) this.#begin(id);
    }
  }

  #begin(id: string): void {
    const room = this.#host.open(id);
    const look = (): void => {
      const isSent = this.#host.isSent(room);
      if (!isSent && !isRefused(room)) return;
      if (isSent) this.#host.delivered(id);
      else this.#refused.add(id);
      end();
      this.#host.check();
    };
    const stops = [room.sync, room.connection, room.lazy.messages.state].map((store) => store.subscribe(look));
    const end = (): void => {
      this.#sending.delete(id);
      for (const stop of stops) stop();
      room.leave();
    };
    this.#sending.set(id, end);
    room.enter();
  }
}

/** Whether waiting longer changes nothing: the room failed, does not take the edits, or knows no messages. */
function isRefused({ connection, sync, lazy: { messages } }: Sender): boolean {
  const { status, pending } = sync.getSnapshot();
  const knowsNone = messages.state.getSnapshot().supported === false;
  return (
    connection.getSnapshot().status === 'disconnected' ||
    status === 'rejected' ||
    (status === 'synchronized' && pending === 0 && knowsNone)
  );
}
