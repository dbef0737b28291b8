import { afterEach, beforeEach, vi } from 'vitest';
import { CONNECTED, fakeClient, schema } from './client.js';
import { FakeWorld } from './fake-core.js';
import { storage } from './storage.js';

const SYNC = { type: 'sync', local: 'saved', held: 0, peers: { synced: 0, of: 0 }, obstacle: null } as const;
export const SENT = { ...SYNC, status: 'synchronized', pending: 0 } as const;
export const WAITING = { ...SYNC, status: 'synchronizing', pending: 2 } as const;
export const SAVING = { ...WAITING, local: 'saving', pending: 3 } as const;
export const GONE = { ...CONNECTED, status: 'disconnected', reason: { kind: 'offline' } } as const;
export const CLOSED = { ...GONE, reason: { kind: 'requested' } } as const;
export const FAILED = {
  ...GONE,
  reason: { kind: 'http', status: 403 },
  error: { code: 'E_FORBIDDEN', message: 'no', retryable: false },
} as const;
export const OFFLINE = { ...CONNECTED, status: 'reconnecting', attempt: 1 } as const;
/** A message that an earlier page left. */
export const RESTORED = {
  type: 'messages',
  what: 'restored',
  messages: [{ seq: 0, at: 0, from: 1, kind: 0, id: 'm1', data: '"hi"', own: true }],
} as const;

/** What another tab notes of room `a`, for the server of the tests. */
export const KEY = 'rejoin/unsent//127.0.0.1%3A1%2F/tab/a';

let events: EventTarget;

/** Gives each test a page of its own, with timers that stand still. */
export function freshPages(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    vi.stubGlobal('localStorage', storage());
    events = new EventTarget();
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
    vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

/** What is noted. */
export const notes = (): string[] => Object.keys(localStorage);

/** Something happens to all pages. */
export function happen(type: 'storage' | 'pagehide' | 'pageshow'): void {
  events.dispatchEvent(new Event(type));
}

/** A page that can be hidden. */
export function hideable(): { hide(): void } {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', page);
  const hide = (): void => {
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
  };
  return { hide };
}

/** A client on a double whose rooms the tests know by their names. */
export function start(options: object = {}) {
  const { client, world } = fakeClient(
    { schema, persistence: 'indexeddb', leaveGrace: 0, ...options },
    new FakeWorld(),
  );
  const open = (): string[] => [...world.core.rooms.values()].map(({ name }) => name);
  const numberOf = (name: string): number =>
    [...world.core.rooms].filter(([, room]) => room.name === name).at(-1)?.[0] as number;
  const tell = async (name: string, ...told: Parameters<FakeWorld['core']['tell']>[1][]) => {
    const number = numberOf(name);
    for (const event of told) world.core.tell(number, event);
    await settle();
  };
  const enter = async (name: string) => {
    const lease = client.enterRoom(name);
    await lease.room.ready;
    await tell(name, CONNECTED, SENT);
    return lease;
  };
  const unsent = () => client.device.getSnapshot().unsent;
  return { client, world, open, numberOf, tell, enter, unsent };
}

/** Lets so many milliseconds go by, and all that follows from it. */
export async function settle(millis = 0): Promise<void> {
  for (let at = 0; at < 5; at++) await vi.advanceTimersByTimeAsync(at === 0 ? millis : 0);
}

/** A client that has left a room in which something waits. */
export async function withLeftRoom(options?: object) {
  const app = start(options);
  const list = await app.enter('list');
  const { leave } = await app.enter('a');
  await app.tell('a', OFFLINE, WAITING);
  leave();
  await settle();
  return { ...app, list };
}
