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
 * Two readings of one stream, the leader's and this tab's own, and where they meet: at an id, and where there is none at the
 * same event.
 */
export class Meeting {
  /** How the leader's link stands. */
  state: StreamState | null = null;
  /** Whether the own stream was ever there. */
  connected = false;
  #told: CoreMessage[] = [];
  /** What the leader had last before that. */
  #before: string;
  /** What this tab had last. */
  #own: string;
  readonly #patience: Patience;
  readonly #over: () => void;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  readonly #most: ReturnType<typeof setTimeout>;

  /** From the id the leader stands at, and the id this tab does; `over` is called when patience is. */
  constructor(leader: string, own: string, patience: Patience, over: () => void) {
    this.#before = `#${leader}`;
    this.#own = `#${own}`;
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
    if (gone) this.#before = keyOf(gone);
    this.wait();
  }

  /** The own stream brought this: how many of them are this tab's, after which the leader's go on; or all, and they do not yet. */
  read(messages: readonly CoreMessage[]): number {
    const known = new Set([this.#before, ...this.#told.map(keyOf)]);
    known.delete('#');
    const at = messages.findIndex((message) => known.has(keyOf(message)));
    const count = at < 0 ? messages.length : at + 1;
    const last = messages[count - 1];
    if (last) this.#own = keyOf(last);
    this.wait();
    return count;
  }

  /** What the leader told behind what this tab had last; null where that is not known. */
  rest(): readonly CoreMessage[] | null {
    if (this.#own === '#') return null;
    const at = this.#told.map(keyOf).lastIndexOf(this.#own);
    return at >= 0 || this.#own === this.#before ? this.#told.slice(at + 1) : null;
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
}

function keyOf([event, data, id]: CoreMessage): string {
  return id ? `#${id}` : `${event}\n${data}`;
}
