import type { Notes } from './notes.js';
import type { Sender } from './unsent.js';

/** Rooms that send at once. */
const MOST = 2;
/** How long a room may take while others wait, in milliseconds. */
const TURN = 60_000;

/** What a courier needs. */
export interface CourierHost {
  readonly notes: Notes;
  open(id: string): Sender;
  /** Whether nothing of a room is left to send. */
  isSent(room: Sender): boolean;
  /** Something ended: there may be more. */
  check(): void;
}

/** Enters rooms for as long as something waits in them, a few at once. */
export class Courier {
  readonly #host: CourierHost;
  /** What ends each. */
  readonly #sending = new Map<string, () => void>();
  /** Rooms that did not take it: again when the app has entered them, or connects after it disconnected; or a later page. */
  readonly #refused = new Set<string>();
  /** Rooms that made way, the latest last. */
  readonly #tired = new Set<string>();
  #ids: readonly string[] = [];

  constructor(host: CourierHost) {
    this.#host = host;
  }

  /** Sends what waits in these rooms, and in no others. */
  carry(ids: readonly string[]): void {
    this.#ids = ids;
    for (const [id, end] of this.#sending) if (!ids.includes(id)) end();
    for (const id of this.#refused) if (!ids.includes(id)) this.#refused.delete(id);
    for (const id of this.#queue()) {
      if (this.#sending.size >= MOST) return;
      this.#begin(id);
    }
  }

  /** Sends nothing for a while. */
  rest(): void {
    for (const end of this.#sending.values()) end();
    this.#refused.clear();
  }

  #queue(): string[] {
    const waiting = this.#ids.filter((id) => !this.#sending.has(id) && !this.#refused.has(id));
    return [...waiting.filter((id) => !this.#tired.has(id)), ...[...this.#tired].filter((id) => waiting.includes(id))];
  }

  #begin(id: string): void {
    const { notes, open, isSent, check } = this.#host;
    const room = open(id);
    const noted = notes.of(id);
    const look = (): void => {
      const sent = isSent(room);
      if (!sent && !isRefused(room)) return;
      if (sent) notes.delivered(noted);
      else this.#refused.add(id);
      end();
      check();
    };
    const makeWay = (): void => {
      if (this.#queue().length === 0) return;
      this.#tired.add(id);
      end();
      check();
    };
    const timer = setInterval(makeWay, TURN);
    const stops = [room.sync, room.connection, room.lazy.messages.state].map((store) => store.subscribe(look));
    const end = (): void => {
      clearInterval(timer);
      this.#sending.delete(id);
      for (const stop of stops) stop();
      room.leave();
    };
    this.#tired.delete(id);
    this.#sending.set(id, end);
    room.enter();
  }
}

/** Whether waiting longer changes nothing: the room failed, its log cannot be read, or what is left is nothing that this server takes. */
function isRefused({ connection, sync, lazy: { messages } }: Sender): boolean {
  const { status, error } = connection.getSnapshot();
  const { status: synced, local, pending, held } = sync.getSnapshot();
  const { supported, pending: said } = messages.state.getSnapshot();
  const isMute = supported === false;
  const isLeft = isMute ? said : 0;
  // Messages go also where the server does not take edits.
  const isSaid = isMute || (messages.isShown && said === 0);
  return (
    (status === 'disconnected' && error !== null) ||
    (synced === 'rejected' && isSaid) ||
    local === 'unavailable' ||
    (status === 'connected' && held + isLeft > 0 && pending === isLeft)
  );
}
