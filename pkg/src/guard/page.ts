import type { ClientEvents, DeviceState } from '../client.js';
import { absolute } from '../endpoint.js';
import { type LostConnection, watchLostConnection } from '../lost-connection.js';
import { type ClientOptions, ownStorage, storageOf } from '../options.js';
import type { ConnectionState, SyncState } from '../room.js';
import { withoutUser } from '../room-endpoint.js';
import { defineSchema, type Schema } from '../schema.js';
import type { Listeners, Store, ValueStore } from '../store.js';
import { preventUnsaved } from '../unsaved.js';
import { type Pausable, pauseInBackground } from './background.js';
import { watchDevice } from './device.js';
import { watchDropped } from './dropped.js';
import { type Sender, watchUnsent } from './unsent.js';

/** What no timer exceeds, in milliseconds: one that is given more fires at once. */
const LONGEST = 2 ** 31 - 1;
/** Of rooms that nobody sees: what is sent is what the log says. */
const NO_SCHEMA: Schema = /* @__PURE__ */ defineSchema({ doc: {} });

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
  /** Tells that the state of a room changed. */
  readonly changes: Listeners<[]>;
  rooms(): readonly (Pausable & Sender & { readonly isHeard: boolean })[];
  /** A room of its own, whatever else is entered by that id. */
  background(id: string, options: ClientOptions<S>, schema: Schema): Sender;
  tellLost(event: LostConnection): void;
  warn(message: string): void;
}

/** Follows what the page, the device and the network do to a client with rooms. Returns the functions that stop it. */
export function watchPage<S extends Schema>(client: Watched, host: PageHost<S>): (() => void)[] {
  const { options, changes, rooms, background, tellLost, warn } = host;
  const { askToPersist = true, preventUnsavedChanges, lostConnectionTimeout = 5_000, backgroundTimeout } = options;
  const asks = askToPersist && !ownStorage(options).adapter && storageOf(options) !== 'memory';
  if (options.auth && options.tokenIn === 'query') {
    warn('rejoin: a token in a URL ends up in the logs of servers and proxies; prefer another `tokenIn`');
  }
  const { stop, look } = watchDevice(client.sync, client.device, asks);
  const stops = [
    stop,
    client.on('error', ({ code }) => code === 'E_QUOTA' && look()),
    watchLostConnection(client.connection, Math.min(lostConnectionTimeout, LONGEST), tellLost),
    watchDropped({ ...host, handle: client.handle }),
  ];
  const paused = new Set<object>();
  if (backgroundTimeout !== undefined)
    stops.push(pauseInBackground(Math.min(backgroundTimeout, LONGEST), rooms, paused));
  if (options.url !== null && storageOf(options) !== 'memory') {
    const quiet = withoutUser(options);
    const open = (id: string): Sender => background(id, quiet, NO_SCHEMA);
    const isPaused = (room: object): boolean => paused.has(room);
    const prefix = prefixOf(options);
    stops.push(watchUnsent({ prefix, device: client.device, changes, rooms, isPaused, background: open }));
  }
  if (preventUnsavedChanges) stops.push(preventUnsaved(changes, rooms));
  return stops;
}

/** Clients of one origin may have different servers, and storage of their own. A query may hold a token. */
function prefixOf<S extends Schema>(options: ClientOptions<S>): string {
  const { url, namespace = '' } = options;
  const text = typeof url === 'function' ? '' : absolute(String(url));
  const { host, pathname } = URL.canParse(text) ? new URL(text) : { host: 'app', pathname: '' };
  const storage = ownStorage(options).adapter ? 'app:' : '';
  return `rejoin/unsent/${namespace}/${encodeURIComponent(storage + host + pathname)}/`;
}
