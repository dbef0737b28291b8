import type { Store } from 'rejoin';
import type { ReadingEvents } from './use-readings';

/** How events come, and how they are drawn. */
export interface Measures {
  /** Events and frames of the last second. */
  readonly eventsPerSecond: number;
  readonly framesPerSecond: number;
  /** Events so far. */
  readonly events: number;
  /** Frames in which something new was drawn. */
  readonly drawn: number;
  /** Ids that were skipped. */
  readonly missed: number;
  /** Id of the last event. */
  readonly lastId: string;
}

/** How often the measures are told, in milliseconds: nobody reads faster. */
const TOLD = 500;
const SECOND = 1_000;

/** Counts events and frames while somebody listens. */
export class Meter implements Store<Measures> {
  readonly #events: ReadingEvents;
  readonly #listeners = new Set<() => void>();
  readonly #marks: { readonly at: number; readonly events: number; readonly frames: number }[] = [];
  #shown: Measures = NONE;
  #count = 0;
  #frames = 0;
  #drawn = 0;
  #missed = 0;
  #lastId = '';
  #news = false;
  #end: (() => void) | null = null;

  constructor(events: ReadingEvents) {
    this.#events = events;
  }

  readonly getSnapshot = (): Measures => this.#shown;

  readonly getServerSnapshot = (): Measures => NONE;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#end ??= this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#end?.();
      this.#end = null;
    };
  };

  #begin(): () => void {
    const stop = this.#events.on('reading', (_, { lastEventId }) => this.#hear(lastEventId));
    let frame = requestAnimationFrame(function next() {
      frame = requestAnimationFrame(next);
      tick();
    });
    const tick = (): void => {
      this.#frames++;
      if (this.#news) this.#drawn++;
      this.#news = false;
    };
    const timer = setInterval(() => this.#tell(), TOLD);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      clearInterval(timer);
    };
  }

  #hear(id: string): void {
    const gap = this.#lastId === '' ? 0 : Number(id) - Number(this.#lastId) - 1;
    if (gap > 0) this.#missed += gap;
    this.#lastId = id;
    this.#count++;
    this.#news = true;
  }

  #tell(): void {
    const now = performance.now();
    this.#marks.push({ at: now, events: this.#count, frames: this.#frames });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) >= SECOND) this.#marks.shift();
    const [first] = this.#marks;
    const seconds = first ? (now - first.at) / SECOND : 0;
    const rate = (count: number, before: number): number => (seconds > 0 ? Math.round((count - before) / seconds) : 0);
    this.#shown = {
      eventsPerSecond: rate(this.#count, first?.events ?? 0),
      framesPerSecond: rate(this.#frames, first?.frames ?? 0),
      events: this.#count,
      drawn: this.#drawn,
      missed: this.#missed,
      lastId: this.#lastId,
    };
    for (const listener of this.#listeners) listener();
  }
}

/** Nothing yet. */
export const NONE: Measures = {
  eventsPerSecond: 0,
  framesPerSecond: 0,
  events: 0,
  drawn: 0,
  missed: 0,
  lastId: '',
};
