import type { CoreMessage, LinkEvent } from '../links-boundary.js';

/** Events of the leader kept until the own stream meets them. */
const MOST = 8_192;

type StreamState = Extract<LinkEvent, { readonly type: 'stream' }>;

/** When a tab stops reading by itself although nothing met; in milliseconds. */
export interface Patience {
  /** Both streams have been silent so long. */
  readonly quiet: number;
  /** In any case. */
  readonly most: number;
}

/**
 * Two readings of one stream, the leader's and this tab's own, and where they meet: at an id, and where that says too little at the same
 * event. Several events may have one id, as all of a greeting have. Where the leader stood, and where the own stream began, the other may have
 * had fewer or others of them.
 */
export class Meeting {
  /** How the leader's link stands. */
  state: StreamState | null = null;
  /** Whether the own stream was ever there. */
  connected = false;
  #told: CoreMessage[] = [];
  /** The id of what the leader had last before that. */
  #before: string;
  /** The id with which the own stream began. */
  #first: string | undefined;
  /** What this tab had last. */
  #own: CoreMessage;
  /** How many of that id it had. */
  #count = Infinity;
  readonly #patience: Patience;
  readonly #over: () => void;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  readonly #most: ReturnType<typeof setTimeout>;

  /** From the id the leader stands at, and the id this tab does; `over` is called when patience is. */
  constructor(leader: string, own: string, patience: Patience, over: () => void) {
    this.#before = leader;
    this.#own = ['', '', own];
    this.#patience = patience;
    this.#over = over;
    this.#most = setTimeout(over, patience.most);
  }

  /** The leader told something. */
  overhear(events: readonly LinkEvent[]): void {
    for (const event of events) {
      if (event.type === 'stream') this.state = event;
      else if (event.type === 'messages') this.#told.push(...event.messages);
    }
    const gone = this.#told.splice(0, Math.max(0, this.#told.length - MOST)).at(-1);
    if (gone) this.#before = gone[2];
    this.wait();
  }

  /** The own stream brought this: how many of them are this tab's, after which the leader's go on; or all, and they do not yet. */
  read(messages: readonly CoreMessage[]): number {
    this.#first ??= messages[0]?.[2];
    const known = new Set(this.#told.map(this.#keyOf));
    const at = messages.findIndex((message) => known.has(this.#keyOf(message)));
    const count = at < 0 ? messages.length : at + 1;
    for (const message of messages.slice(0, count)) {
      this.#count = message[2] === this.#own[2] ? this.#count + 1 : 1;
      this.#own = message;
    }
    this.wait();
    return count;
  }

  /** What the leader told behind what this tab had last; null where that is not known. */
  rest(): readonly CoreMessage[] | null {
    const keys = this.#told.map(this.#keyOf);
    const key = this.#keyOf(this.#own);
    const end = keys.lastIndexOf(key) + 1;
    if (!end) return null;
    if (!this.#isId(this.#own[2])) return this.#told.slice(end);
    const had = keys.indexOf(key) + this.#count;
    // This tab may be ahead.
    return had > end && end === keys.length ? null : this.#told.slice(Math.min(had, end));
  }

  /** What the leader told, where the own stream was never there. */
  get untold(): readonly CoreMessage[] {
    return this.connected ? [] : this.#told;
  }

  /** Begins to wait for silence, once the own stream is there. */
  wait(): void {
    clearTimeout(this.#quiet);
    if (this.connected) this.#quiet = setTimeout(this.#over, this.#patience.quiet);
  }

  end(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#most);
  }

  readonly #keyOf = ([event, data, id]: CoreMessage): string => (this.#isId(id) ? id : `${id}\n${event}\n${data}`);

  /** Whether both had all events of it, or will have. */
  #isId(id: string): boolean {
    return !['', this.#before, this.#first].includes(id);
  }
}
