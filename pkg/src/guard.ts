import type { Core, Segment } from './boundary.js';
import { SyncError } from './errors.js';
import { Fitting } from './guard/fit.js';
import type { Migrator } from './guard/migrate.js';
import type { BatchOptions } from './history.js';
import { isObject, type Json, type JsonObject, own } from './json.js';
import { objectOf } from './reconcile.js';
import type { RootRef } from './refs.js';
import type { EnterOptions, SyncState } from './room.js';
import { type Fields, isScalar, SCALARS, type Schema, VERSIONS } from './schema.js';
import type { Store } from './store.js';

/** What a guard needs of its room. */
export interface GuardHost {
  readonly id: string;
  readonly isReady: boolean;
  readonly connectionId: number | null;
  readonly root: RootRef<Fields>;
  batch<T>(fn: () => T, options?: BatchOptions): T;
  write<T>(fn: (core: Core, room: number) => T): T;
  /** Shows what was told and nobody has looked at. */
  readonly catchUp: () => void;
  /** Runs it when no call is under way. */
  notify(fn: () => void): void;
  report(error: unknown): void;
  readonly sync: Store<SyncState>;
}

/** What a guard is made of besides. */
export interface GuardOptions {
  readonly schema: Schema;
  readonly initialDoc: EnterOptions['initialDoc'];
  /** With whom the document is compared. */
  readonly meets: 'server' | 'peers' | 'nobody';
  /** Lets notifications out that nobody's call would. */
  readonly drain: () => void;
  /** Null where no version can be earlier. */
  readonly MakeMigrator: typeof Migrator | null;
}

/** Milliseconds for which peers are waited for where there is no server. */
const PATIENCE = 10_000;
/** Places that are told; more than these are not, so that a hostile document cannot fill the log. */
const MOST_TOLD = 100;
const NO_FIELDS: JsonObject = /* @__PURE__ */ Object.freeze({});

/**
 * Stands between a room's document and the app: shows it as the schema promises, tells once per place what does not fit, brings
 * earlier versions up and writes nothing into later ones.
 */
export class Guard {
  readonly #host: GuardHost;
  readonly #schema: Schema;
  readonly #options: GuardOptions;
  readonly #fitting: Fitting = new Fitting((place, why) => this.#misfit(place, why));
  readonly #told = new Set<string>();
  /** What brings earlier versions up, where there can be any. */
  readonly #migrator: Migrator | null;
  /** Names of all fields, and whether they are plain values. */
  readonly #fields: readonly (readonly [name: string, isScalar: boolean])[];
  #raw: JsonObject = NO_FIELDS;
  #shown: JsonObject = NO_FIELDS;
  #versions: JsonObject = NO_FIELDS;
  #version = 1;
  #initialised = false;
  /** While peers are waited for. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether they were waited for. */
  #waited = false;
  /** Whether there are some. */
  #met = false;

  constructor(host: GuardHost, options: GuardOptions) {
    const { schema, meets, drain, MakeMigrator } = options;
    this.#host = host;
    this.#schema = schema;
    this.#options = options;
    const fields = Object.entries({ ...schema.old, ...schema.doc });
    this.#fields = fields.map(([name, { '~node': node }]) => [name, isScalar(node)]);
    this.#migrator =
      MakeMigrator &&
      new MakeMigrator({
        host,
        schema,
        meets,
        drain,
        versions: () => this.#versions,
        before: () => this.#raw,
        isEmpty: () => Object.values(this.#raw).every(isEmpty),
      });
  }

  /** What the app is shown of all shared types; the same reference while that is the same. */
  show(roots: JsonObject): JsonObject {
    const versions = own(roots, VERSIONS);
    const { doc, version } = this.#schema;
    const raw = this.#flatten(roots);
    if (isObject(versions) && versions !== this.#versions) this.#heedVersions(versions);
    this.#shown = this.#fitting.top(doc, raw, this.#raw, this.#shown);
    this.#raw = raw;
    if (this.#version !== version) this.#migrator?.look();
    return this.#shown;
  }

  /** What the app is shown at a path of shared types. */
  at(path: readonly Segment[]): Json | undefined {
    return inside(this.#shown, path);
  }

  /** What lies there, whether it fits or not. */
  rawAt(path: readonly Segment[]): Json | undefined {
    return inside(this.#raw, path);
  }

  /** Throws `E_VERSION` where the document is of a later version. */
  check(): void {
    if (this.#version > this.#schema.version) throw this.#tooNew();
  }

  /** Brings a copy that meets nobody up to the schema, at once. Throws `E_VERSION` where it is later, `E_MIGRATION` where that fails. */
  bringUp(): void {
    this.check();
    this.#migrator?.now();
  }

  /** The room takes calls. Without a server nobody says that everything is here: who meets peers waits for them. */
  begin(): void {
    const { meets } = this.#options;
    if (meets === 'nobody') this.#heed(true);
    if (meets === 'peers') this.#wait();
  }

  /** Takes what is synchronized. */
  handleSync({ status, obstacle, peers }: Pick<SyncState, 'status' | 'obstacle' | 'peers'>): void {
    const { meets } = this.#options;
    if (meets === 'nobody') return;
    const isOpen = obstacle === null;
    if (meets === 'peers' && peers.of > 0 && !this.#met && this.#timer !== undefined && !this.#waited) this.#wait();
    this.#met = peers.of > 0;
    const heard = this.#met ? peers.synced === peers.of : this.#waited;
    const all = meets === 'peers' ? heard : status === 'synchronized';
    // Of those who were met some may never answer.
    const some = meets === 'peers' && (peers.synced > 0 || this.#waited);
    this.#heed(isOpen && all, isOpen && (all || some));
  }

  /** Forgets what the last core or the last stay in the room said. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waited = false;
    this.#met = false;
    this.#migrator?.stop();
  }

  /** Who is met late is waited for as long. */
  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#waited = true;
      this.handleSync(this.#host.sync.getSnapshot());
      this.#options.drain();
    }, PATIENCE);
  }

  /** Takes whether everything is here, and goes to the others; `some`: whether somebody's document is. */
  #heed(all: boolean, some: boolean = all): void {
    this.#migrator?.handleSync(all);
    if (some) this.#host.notify(() => this.#initialise());
  }

  /** The fields of the document, as they are. */
  #flatten(roots: JsonObject): JsonObject {
    const scalars = (own(roots, SCALARS) ?? NO_FIELDS) as JsonObject;
    const values = this.#fields.map(([name, isScalar]) => own(isScalar ? scalars : roots, name));
    return objectOf(
      this.#fields.map(([name]) => name),
      values,
    );
  }

  #heedVersions(versions: JsonObject): void {
    this.#versions = versions;
    const version = Number(own(versions, 'version') ?? 1);
    if (version === this.#version || !(version > 0)) return;
    this.#version = version;
    if (version > this.#schema.version) this.#host.report(this.#tooNew());
  }

  /** Fills an empty document, once. */
  #initialise(): void {
    const fill = this.#options.initialDoc;
    if (this.#initialised || !fill || !this.#host.isReady) return;
    this.#initialised = true;
    this.#host.catchUp();
    if (!Object.values(this.#raw).every(isEmpty)) return;
    try {
      // Nobody's edit: undoing it would empty the room.
      this.#host.batch(() => fill(this.#host.root as never), { origin: 'initial' });
    } catch (error) {
      this.#host.report(error);
    }
  }

  #misfit(place: readonly (string | number)[], why: string): void {
    // Another version's document is of another shape.
    if (this.#version !== this.#schema.version) return;
    const name = place.join('.');
    if (this.#told.has(name) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(name);
    const message = `what others wrote to ${name} does not fit: ${why}`;
    this.#host.report(new SyncError('E_SCHEMA', message, { room: this.#host.id }));
  }

  #tooNew(): SyncError {
    const { version } = this.#schema;
    const message = `the document is of version ${this.#version}, this app knows ${version}: it is read-only; update the app`;
    return new SyncError('E_VERSION', message, { room: this.#host.id });
  }
}

function inside(top: JsonObject, [root, ...rest]: readonly Segment[]): Json | undefined {
  const isTop = root === SCALARS || root === undefined;
  let node: Json | undefined = isTop ? top : own(top, String(root));
  for (const step of rest) {
    if (Array.isArray(node)) node = typeof step === 'number' ? node[step] : undefined;
    else node = isObject(node) ? own(node, String(step)) : undefined;
  }
  return node;
}

/** Whether a part of a document holds nothing. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}
