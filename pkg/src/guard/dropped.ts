import type { ClientOptions } from '../options.js';
import type { Schema } from '../schema.js';
import type { Listeners } from '../store.js';

/** How long two clients may be in one room while one of them lets go of it, as at a hot reload; milliseconds, besides its `leaveGrace`. */
const HANDOVER = 2_000;

/** What is asked of a client that runs. */
export interface Running<S extends Schema> {
  /** What the app holds; null for a client of our own. */
  readonly handle: WeakRef<object> | null;
  readonly options: Pick<ClientOptions<S>, 'url' | 'namespace' | 'user' | 'leaveGrace'>;
  /** Tells that it entered or left a room, among others. */
  readonly changes: Listeners<[]>;
  /** The rooms it is in, and whether the app listens to anything in them. */
  rooms(): readonly { readonly id: string; readonly isHeard: boolean }[];
  warn(message: string): void;
}

type Anyone = Running<Schema>;

/** In the order in which they began. */
const running = /* @__PURE__ */ new Set<Anyone>();
/** Kept here: a registry that is collected itself tells nothing. */
let forgotten: FinalizationRegistry<Anyone> | null = null;

/**
 * Warns, in development, of a client that nobody can close any more, and of two in one room where one was meant. Returns what is called
 * when it is closed.
 */
export function watchDropped<S extends Schema>(given: Running<S>): () => void {
  const client = given as unknown as Anyone;
  const handle = client.handle?.deref();
  if (!handle || !isDevelopment() || typeof FinalizationRegistry === 'undefined') return () => {};
  forgotten ??= new FinalizationRegistry(tellForgotten);
  forgotten.register(handle, client, client);
  running.add(client);
  const unwatch = watchTwins(client);
  return () => {
    unwatch();
    running.delete(client);
    forgotten?.unregister(client);
  };
}

/** A page's only client may live as long as the page, and nobody need hold it while something shows what is in its rooms. */
function tellForgotten(client: Anyone): void {
  const isUsed = client.rooms().some(({ isHeard }) => isHeard);
  if (running.size < 2 && isUsed) return;
  client.warn(
    'rejoin: a client was dropped without close(), and its rooms stay connected; keep it as long as the page, or close it',
  );
}

function watchTwins(client: Anyone): () => void {
  if (typeof document === 'undefined') return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const twin = timer === undefined && twinOf(client);
    if (twin) timer = setTimeout(tell, (twin.options.leaveGrace ?? 1_000) + HANDOVER);
  };
  const stop = client.changes.add(look);
  const tell = (): void => {
    timer = undefined;
    const twin = twinOf(client);
    if (!twin) return;
    stop();
    const room = JSON.stringify(sharedRoom(client, twin));
    client.warn(
      `rejoin: two clients of this page are in the room ${room} for the same user, with a connection each; use one, or close the other first, in import.meta.hot.dispose() for example`,
    );
  };
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** An earlier client in the same room of the same server, for the same user. */
function twinOf(client: Anyone): Anyone | undefined {
  const earlier = [...running].slice(0, [...running].indexOf(client));
  return earlier.find((other) => purposeOf(other) === purposeOf(client) && sharedRoom(client, other) !== undefined);
}

function sharedRoom(one: Anyone, other: Anyone): string | undefined {
  const ids = other.rooms().map(({ id }) => id);
  return one.rooms().find(({ id }) => ids.includes(id))?.id;
}

function purposeOf({ options: { url, namespace = '', user } }: Anyone): string {
  return JSON.stringify([String(url), namespace, user?.id ?? null]);
}

/** Bundlers replace the word; a page without one has no `process`. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== 'production';
  } catch {
    return false;
  }
}
