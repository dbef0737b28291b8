import { SyncError } from '../errors.js';
import type { GuardHost, GuardOptions } from '../guard.js';
import { type JsonObject, own } from '../json.js';
import { type Migration, type Schema, VERSIONS } from '../schema.js';

/** How long somebody else who said that they migrate is waited for, in milliseconds. */
const PATIENCE = 10_000;
/** Least wait of the first of several who said so at once; the next wait longer. */
const TURN = 500;
const CLAIM = 'by:';

/** What a migrator needs of its guard. */
interface MigratorHost {
  readonly host: GuardHost;
  readonly schema: Schema;
  readonly meets: GuardOptions['meets'];
  readonly drain: () => void;
  /** The map of {@link VERSIONS}. */
  versions(): JsonObject;
  /** The document as it is. */
  before(): JsonObject;
  isEmpty(): boolean;
}

type State =
  /** `others`: the claims of others that are waited for. */
  | { readonly kind: 'idle' | 'waiting'; readonly others: string }
  /** `sent`: since the claim was written, something was not synchronized yet, or peers had their turn. */
  | { readonly kind: 'claimed'; readonly key: string; sent: boolean }
  | { readonly kind: 'working' | 'failed' };

const IDLE: State = { kind: 'idle', others: '' };

/**
 * Brings an earlier version's document up, by one client:
 *
 *     idle ─ nobody has a claim ─► claimed ─ the server has it, and gave no other ─► working ─► done
 *      ▲ └─ somebody has ─► waiting ─┐ └─ gave another: withdrawn ─► waiting          └─► failed, until the room is entered anew
 *      └──── patience is over ◄──────┘
 *
 * The server puts claims in an order: who comes second sees the first one's before its own is synchronized. Peers without a server
 * see each other's within a turn. Who meets nobody claims nothing.
 */
export class Migrator {
  readonly #with: MigratorHost;
  #state: State = IDLE;
  #synchronized = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking = false;

  constructor(host: MigratorHost) {
    this.#with = host;
  }

  /** Looks at it anew, when no call is under way. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#with.host.notify(() => {
      this.#looking = false;
      this.#step();
    });
  }

  /** Whether everything is synchronized now. */
  handleSync(synchronized: boolean): void {
    this.#synchronized = synchronized;
    if (this.#state.kind === 'claimed' && !synchronized) this.#state.sent = true;
    this.look();
  }

  /**
   * Brings a copy that meets nobody up, at once.
   * @throws SyncError `E_MIGRATION` if `migrate` throws.
   */
  now(): void {
    if (this.#version() < this.#with.schema.version && !this.#with.isEmpty()) this.#migrate([]);
  }

  /** Begins anew. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#state = IDLE;
    this.#synchronized = false;
  }

  #step(): void {
    const { host } = this.#with;
    if (!host.isReady || !this.#synchronized || this.#state.kind === 'working') return;
    try {
      host.catchUp();
      this.#advance();
    } catch (error) {
      host.report(error);
    }
  }

  #advance(): void {
    const state = this.#state;
    if (this.#version() >= this.#with.schema.version) this.#withdraw();
    else if (this.#with.isEmpty()) this.#write({ version: this.#with.schema.version });
    else if (this.#with.meets === 'nobody') this.#migrate([]);
    else if (state.kind === 'claimed') this.#hearAnswer(state);
    else if ('others' in state) this.#begin(state);
  }

  #begin(state: Extract<State, { others: string }>): void {
    const others = this.#others().join();
    if (others === '') this.#claim();
    else if (state.others !== others) this.#wait('waiting', others, PATIENCE);
  }

  #claim(): void {
    clearTimeout(this.#timer);
    const key = CLAIM + this.#with.host.connectionId;
    this.#state = { kind: 'claimed', key, sent: false };
    this.#write({ [key]: this.#with.schema.version });
    if (this.#with.meets !== 'peers') return;
    this.#later(TURN, () => {
      if (this.#state.kind === 'claimed') this.#state.sent = true;
    });
  }

  #hearAnswer(state: Extract<State, { kind: 'claimed' }>): void {
    if (!state.sent) return;
    const others = this.#others();
    if (others.length === 0) {
      this.#migrate([state.key]);
      return;
    }
    const rank = [...others, state.key].sort().indexOf(state.key);
    this.#withdraw();
    this.#wait('idle', others.join(), TURN * (rank + 1));
  }

  /** Those who are waited for may be gone: their claims are taken away then. */
  #wait(kind: 'idle' | 'waiting', others: string, time: number): void {
    clearTimeout(this.#timer);
    this.#state = { kind, others };
    this.#later(time, () => {
      this.#state = IDLE;
      if (kind === 'waiting' && this.#synchronized && this.#with.host.isReady) {
        this.#write(none(others.split(',')));
      }
    });
  }

  /** Looks at it anew after that, whether anything else happens or not. */
  #later(time: number, then: () => void): void {
    this.#timer = setTimeout(() => {
      then();
      this.look();
      this.#with.drain();
    }, time);
  }

  #migrate(claims: readonly string[]): void {
    const { host, schema } = this.#with;
    const from = this.#version();
    const migration: Migration = { from, before: this.#with.before(), root: host.root };
    this.#state = { kind: 'working' };
    try {
      host.batch(() => {
        schema.migrate?.(migration as never);
        this.#write({ version: schema.version, ...none([...this.#others(), ...claims]) });
      }, ORIGIN);
      this.#state = IDLE;
    } catch (cause) {
      this.#state = { kind: 'failed' };
      this.#write(none(claims));
      const message = `the migration from version ${from} to ${schema.version} threw; the version stays`;
      throw new SyncError('E_MIGRATION', message, { cause, room: host.id });
    }
  }

  #withdraw(): void {
    clearTimeout(this.#timer);
    const state = this.#state;
    this.#state = IDLE;
    if (state.kind === 'claimed') this.#write({ [state.key]: null });
  }

  #version(): number {
    return Number(own(this.#with.versions(), 'version') ?? 1);
  }

  #others(): string[] {
    const own_ = CLAIM + this.#with.host.connectionId;
    return Object.keys(this.#with.versions()).filter((key) => key.startsWith(CLAIM) && key !== own_);
  }

  #write(entries: Readonly<Record<string, number | null>>): void {
    const { host } = this.#with;
    host.batch(() => {
      for (const [key, v] of Object.entries(entries)) {
        host.write((core, room) => {
          if (v === null) core.mapDelete(room, `r/${VERSIONS}`, key);
          else core.mapSet(room, `r/${VERSIONS}`, key, JSON.stringify({ v }));
        });
      }
    }, ORIGIN);
  }
}

/** Nobody's edit: it cannot be undone. */
const ORIGIN = { origin: 'migration' } as const;

/** What takes claims away. */
function none(claims: readonly string[]): Readonly<Record<string, null>> {
  return Object.fromEntries(claims.map((claim) => [claim, null]));
}
