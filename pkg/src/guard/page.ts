import type { ClientEvents, DeviceState } from '../client.js';
import { absolute } from '../endpoint.js';
import type { Engine } from '../engine.js';
import type { SyncError } from '../errors.js';
import { type LostConnection, watchLostConnection } from '../lost-connection.js';
import { type ClientOptions, ownStorage, storageOf } from '../options.js';
import type { ConnectionState, SyncState } from '../room.js';
import { forgetTokens, withoutUser } from '../room-endpoint.js';
import { defineSchema, type Schema } from '../schema.js';
import { type Listeners, runSafely, type Store, type ValueStore } from '../store.js';
import { preventUnsaved } from '../unsaved.js';
import type { Wish } from '../wish.js';
import { type Pausable, pauseInBackground } from './background.js';
import { watchDevice } from './device.js';
import { watchDropped } from './dropped.js';
import { duplicateCopy } from './duplicate.js';
import { type Sender, watchUnsent } from './unsent.js';

/** What no timer exceeds, in milliseconds: one that is given more fires at once. */
const LONGEST = 2 ** 31 - 1;
/** Of rooms that nobody sees: what is sent is what the log says. No version of a document is later than none. */
const NO_SCHEMA: Schema = { .../* @__PURE__ */ defineSchema({ doc: {} }), version: Number.NaN };

/** What is watched of a client. */
export interface Watched {
  readonly connection: Store<ConnectionState>;
  readonly sync: Store<SyncState>;
  readonly device: ValueStore<DeviceState>;
  /** What the app holds; null for a client of our own. */
  readonly handle: WeakRef<object> | null;
  on(event: 'error', listener: (event: ClientEvents['error']) => void): () => void;
}

/** What watching needs besides. */
export interface PageHost<S extends Schema> {
  readonly options: ClientOptions<S>;
  readonly engine: Pick<Engine, 'notify' | 'drainSoon'>;
  /** Tells that the state of a room changed, and what the app wants of all of them, or of one. */
  readonly changes: Listeners<[wish?: Wish, room?: string]>;
  rooms(): readonly (Pausable & Sender & { readonly isHeard: boolean })[];
  /** A room of its own, whatever else is entered by that id. */
  background(id: string, options: ClientOptions<S>, schema: Schema): Sender;
  tellLost(event: LostConnection): void;
  report(error: SyncError): void;
}

/** Follows what the page, the device and the network do to a client with rooms. Returns the functions that stop it. */
export function watchPage<S extends Schema>(client: Watched, host: PageHost<S>): (() => void)[] {
  const { options, engine, changes, rooms, background, tellLost, report } = host;
  const { askToPersist = true, preventUnsavedChanges, lostConnectionTimeout = 5_000, backgroundTimeout } = options;
  const asks = askToPersist && !ownStorage(options).adapter && storageOf(options) !== 'memory';
  const duplicate = duplicateCopy();
  if (duplicate) report(duplicate);
  const warn = (message: string): void => warnOf(host, message);
  if (options.auth && options.tokenIn === 'query') {
    warn('rejoin: a token in a URL ends up in the logs of servers and proxies; prefer another `tokenIn`');
  }
  // The devtools list them by what the app has: nothing of this is in what an app imports at once.
  Object.assign(client.handle?.deref() ?? {}, { '~rooms': { all: rooms, changes } });
  const tell = (news: Partial<DeviceState>): void => {
    client.device.set(Object.freeze({ ...client.device.getSnapshot(), ...news }));
    engine.drainSoon(); // timers and other tabs bring it too
  };
  const { stop, look } = watchDevice(client.sync, tell, asks);
  const stops = [
    stop,
    client.on('error', ({ code }) => code === 'E_QUOTA' && look()),
    watchLostConnection(client.connection, Math.min(lostConnectionTimeout, LONGEST), tellLost),
    watchDropped({ ...host, handle: client.handle, warn }),
    changes.add((wish, room) => wish && wish !== 'connect' && room === undefined && forgetTokens(options)),
  ];
  if (backgroundTimeout !== undefined) stops.push(pauseInBackground(Math.min(backgroundTimeout, LONGEST), rooms));
  if (options.url !== null && storageOf(options) !== 'memory') {
    const quiet = withoutUser(options);
    const open = (id: string): Sender => background(id, quiet, NO_SCHEMA);
    const show = (unsent: readonly string[]): void => tell({ unsent });
    stops.push(watchUnsent({ prefix: prefixOf(options), changes, rooms, show, background: open }));
  }
  if (preventUnsavedChanges) stops.push(preventUnsaved(changes, rooms));
  return stops;
}

/** Tells developers. */
function warnOf<S extends Schema>({ options, engine }: PageHost<S>, data: string): void {
  const log = options.logger?.warn;
  if (log) engine.notify(() => runSafely(() => log({ level: 'warn', code: 'warning', data })));
  else console.warn(data);
}

/** Clients of one origin may have different servers, and storage of their own. A query may hold a token. */
function prefixOf<S extends Schema>(options: ClientOptions<S>): string {
  const { url, namespace = '' } = options;
  const text = typeof url === 'function' ? '' : absolute(String(url));
  const { host, pathname } = URL.canParse(text) ? new URL(text) : { host: 'app', pathname: '' };
  const storage = ownStorage(options).adapter ? 'app:' : '';
  return `rejoin/unsent/${namespace}/${encodeURIComponent(storage + host + pathname)}/`;
}
