import { SyncError } from './errors.js';
import type { ConnectionState } from './room.js';

/** Ways to a server. */
export type Transport = 'websocket' | 'sse';

/** How long the page remembers that only HTTP got through, in milliseconds. */
const MEMORY = 1_800_000;

/** The core's part of `transports`; what an earlier page learnt of this server goes along. */
export function transportConfig(
  transports: readonly Transport[] = ['websocket', 'sse'],
  url: unknown,
): { readonly websocket: boolean; readonly http: boolean; readonly fallbackRemembered?: number } {
  const odd = transports.find((name) => name !== 'websocket' && name !== 'sse');
  if (odd !== undefined || transports.length === 0) {
    throw new SyncError(
      'E_INVALID_ARGUMENT',
      `transports names 'websocket', 'sse' or both; got ${JSON.stringify(transports)}`,
    );
  }
  const [websocket, http] = [transports.includes('websocket'), transports.includes('sse')];
  const left = http && websocket ? remembered(url) : 0;
  // What is named first goes first.
  const first = transports[0] === 'sse' && websocket ? MEMORY : left;
  return { websocket, http, ...(first > 0 ? { fallbackRemembered: first } : {}) };
}

/** Keeps in mind, for the next page, what got through to a server. */
export function rememberTransport(url: unknown, { status, transport }: ConnectionState): void {
  if (status !== 'connected') return;
  try {
    const key = keyOf(url);
    if (!key) return;
    if (transport === 'sse') localStorage.setItem(key, String(Date.now() + MEMORY));
    else if (localStorage.getItem(key) !== null) localStorage.removeItem(key);
  } catch {
    // No storage, or none for us: the next page learns it anew.
  }
}

function remembered(url: unknown): number {
  try {
    const key = keyOf(url);
    const until = key ? Number(localStorage.getItem(key)) : 0;
    return Math.min(Math.max(0, until - Date.now()), MEMORY) || 0;
  } catch {
    return 0;
  }
}

function keyOf(url: unknown): string | null {
  if (typeof url === 'function' || typeof localStorage === 'undefined') return null;
  const base = typeof location === 'object' ? location.href : undefined;
  const text = String(url);
  return URL.canParse(text, base) ? `rejoin/transport/${new URL(text, base).host}` : null;
}
