import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { Store } from '../store.js';
import { Journal, type Topic } from './journal.js';
import type { DevtoolsClient, DevtoolsLink, DevtoolsOptions, LinkState } from './types.js';
import { counted, linkWords, syncWords } from './words.js';

/** What a client with a room says to the devtools alone (`guard/page.ts`). */
interface EnteredRooms {
  all(): readonly Room<Schema>[];
  readonly changes: { add(listener: () => void): () => void };
}

/** How long a client that has entered no room yet is left alone, in milliseconds. */
const PATIENCE = 500;
/** Most events that are kept where the app does not say. */
const MOST_EVENTS = 200;

/** Follows a client: which rooms are entered, and what happens. */
export class Watcher {
  readonly client: DevtoolsClient;
  readonly links: ReadonlyMap<string, DevtoolsLink>;
  readonly journal: Journal;
  readonly #onChange: () => void;
  readonly #stops: (() => void)[] = [];
  readonly #rooms = new Map<Room<Schema>, readonly (() => void)[]>();
  #search: ReturnType<typeof setInterval> | undefined;

  constructor(client: DevtoolsClient, options: DevtoolsOptions, onChange: () => void) {
    this.client = client;
    this.links = new Map(Object.entries(options.links ?? {}));
    this.journal = new Journal(options.events ?? MOST_EVENTS);
    this.#onChange = onChange;
    this.#stops.push(
      client.on('error', (error) => this.#tell(() => this.journal.fault(error))),
      client.on('crashed', ({ recovered }) => this.#note('crash', null, recovered ? 'recovered' : 'a room failed')),
      client.on('lostConnection', (words) => this.#note('connection', null, `lostConnection: ${words}`)),
      client.connection.subscribe(() => this.#look()),
      client.device.subscribe(onChange),
    );
    for (const [name, { state }] of this.links) this.#stops.push(this.#followLink('link', name, state));
    this.#search = setInterval(() => this.#find(), PATIENCE);
    this.#find();
  }

  /** Rooms that are entered, in the order in which they were. */
  get rooms(): readonly Room<Schema>[] {
    return [...this.#rooms.keys()];
  }

  stop(): void {
    clearInterval(this.#search);
    for (const stop of [...this.#stops.splice(0), ...[...this.#rooms.values()].flat()]) stop();
    this.#rooms.clear();
  }

  get #entered(): EnteredRooms | undefined {
    return (this.client as { readonly '~rooms'?: EnteredRooms })['~rooms'];
  }

  /** The list comes with the first room. */
  #find(): void {
    const entered = this.#entered;
    if (!entered) return;
    clearInterval(this.#search);
    this.#stops.push(entered.changes.add(() => this.#look()));
    this.#look();
  }

  #look(): void {
    const now = this.#entered?.all() ?? [];
    for (const [room, stops] of this.#rooms) {
      if (now.includes(room)) continue;
      for (const stop of stops) stop();
      this.#rooms.delete(room);
      this.journal.note('room', room.id, 'left');
    }
    for (const room of now) if (!this.#rooms.has(room)) this.#rooms.set(room, this.#enter(room));
    this.#onChange();
  }

  #enter(room: Room<Schema>): readonly (() => void)[] {
    this.journal.note('room', room.id, 'entered');
    return [
      this.#followLink('connection', room.id, room.connection),
      this.#follow('sync', room.id, room.sync, syncWords),
      this.#follow('presence', room.id, room.presence.others, (others) => counted(others.length, 'other')),
      room.presence.self.subscribe(this.#onChange),
      room.peers.subscribe(this.#onChange),
    ];
  }

  #followLink(topic: Topic, where: string, store: Store<LinkState>): () => void {
    return this.#follow(topic, where, store, (state) => {
      this.journal.fault(state.error, where);
      return linkWords(state);
    });
  }

  /** Notes a store's value whenever it reads otherwise. */
  #follow<T>(topic: Topic, where: string, store: Store<T>, words: (value: T) => string): () => void {
    let last = words(store.getSnapshot());
    this.journal.note(topic, where, last);
    return store.subscribe(() => {
      const next = words(store.getSnapshot());
      if (next !== last) this.journal.note(topic, where, next);
      last = next;
      this.#onChange();
    });
  }

  #note(topic: Topic, where: string | null, words: string): void {
    this.#tell(() => this.journal.note(topic, where, words));
  }

  #tell(fn: () => void): void {
    fn();
    this.#onChange();
  }
}
