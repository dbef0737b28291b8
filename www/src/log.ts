import type { ConnectionState, Room, Store } from 'rejoin';
import { client } from './client';
import { reasonInWords, statusInWords } from './network/words';

/** One line of the log. */
export interface LogEntry {
  readonly id: number;
  readonly time: Date;
  readonly kind: 'status' | 'error' | 'note';
  readonly text: string;
}

const LONGEST = 60;

/** What happened in this window, newest first. */
class EventLog implements Store<readonly LogEntry[]> {
  #entries: readonly LogEntry[] = [];
  readonly #listeners = new Set<() => void>();

  readonly getSnapshot = (): readonly LogEntry[] => this.#entries;

  readonly getServerSnapshot = this.getSnapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(kind: LogEntry['kind'], text: string): void {
    const id = (this.#entries[0]?.id ?? 0) + 1;
    this.#entries = [{ id, time: new Date(), kind, text }, ...this.#entries].slice(0, LONGEST);
    for (const listener of this.#listeners) listener();
  }
}

/** The log of this window. */
export const log = new EventLog();

/** Writes errors and crashes into the log. Returns the function that stops it. */
export function logClient(): () => void {
  const stops = [
    client.on('error', (error) => log.add('error', error.message)),
    client.on('crashed', ({ recovered }) =>
      log.add('note', recovered ? 'The core crashed; a fresh one took over from what is saved.' : 'The core crashed.'),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Writes a room's changes of status into the log. Returns the function that stops it. */
export function logRoom({ connection }: Pick<Room, 'connection'>): () => void {
  let before: ConnectionState['status'] | null = null;
  const tell = (): void => {
    const state = connection.getSnapshot();
    const { status } = state;
    if (status === before || status === 'idle') return;
    before = status;
    const mended = status === 'reconnecting' && state.reason?.kind === 'requested';
    const lost = status === 'reconnecting' || status === 'disconnected';
    const why = lost && !mended ? reasonInWords(state) : '';
    log.add('status', why ? `${statusInWords(status)}. ${why}.` : `${statusInWords(status)}.`);
  };
  tell();
  return connection.subscribe(tell);
}
