import type { ConnectionReason, SyncState } from '../room.js';
import type { LinkState } from './types.js';

const PLAIN = {
  auth: 'the app gave no address or token',
  offline: 'the browser says there is no network',
  suspended: 'the page was hidden, frozen or kept back',
  requested: 'the app asked for it',
  refused: 'the browser refused to open it',
  protocol: 'the other side broke the protocol',
  ended: 'the server ended it, as it should',
  lost: 'it broke off, or nothing could be reached',
} as const;

const WAITED = {
  auth: 'the token',
  connect: 'the connection',
  handshake: 'the handshake',
  heartbeat: 'a sign of life',
  idle: 'data',
} as const;

const OBSTACLES = {
  'read-only': 'the server lets this client only read',
  refused: 'the server refused an update',
  'too-large': 'a value is too large to send',
  epoch: "the server's store was made anew",
} as const;

/** Why a link ended. */
export function reasonWords(reason: ConnectionReason | null): string {
  if (!reason) return '–';
  if (reason.kind === 'closed') return `closed with ${reason.code}${reason.reason && `: ${reason.reason}`}`;
  if (reason.kind === 'http') return `the server answered ${reason.status}`;
  if (reason.kind === 'timeout') return `waited in vain for ${WAITED[reason.waitingFor]}`;
  if (reason.kind === 'finished') return `finished: ${reason.word}`;
  return PLAIN[reason.kind];
}

/** What keeps edits from the server. */
export function obstacleWords({ obstacle }: SyncState): string {
  return obstacle ? OBSTACLES[obstacle] : '–';
}

/** How long it is until a time, both in milliseconds since 1970. */
export function countdown(at: number | null, now: number): string {
  if (at === null) return '–';
  const left = at - now;
  return left <= 0 ? 'now' : `in ${Math.ceil(left / 1000)} s`;
}

/** A time of day to the millisecond, of this device. */
export function clock(at: number): string {
  const time = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  const seconds = `${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  return `${two(time.getHours())}:${two(time.getMinutes())}:${seconds}`;
}

/** Bytes as people read them. */
export function bytes(count: number | null): string {
  if (count === null) return 'not known';
  if (count < 1e3) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** A word and how many. */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

/** How good a state is: it decides the colour of its mark. */
export type Tone = 'good' | 'busy' | 'bad' | 'none';

const GOOD = ['connected', 'open', 'synchronized', 'done', 'up'];
const BUSY = ['connecting', 'reconnecting', 'synchronizing', 'streaming', 'waiting'];

/** How good a status is. */
export function toneOf(status: string): Tone {
  if (GOOD.includes(status)) return 'good';
  if (BUSY.includes(status)) return 'busy';
  return status === 'idle' || status === 'stopped' ? 'none' : 'bad';
}

/** What is told of a link that changed: nothing of its round trip. */
export function linkWords({ status, attempt, reason }: LinkState): string {
  const tried = attempt > 0 ? `, attempt ${attempt}` : '';
  return `${status}${tried}${reason && status !== 'connected' ? `, ${reasonWords(reason)}` : ''}`;
}

/** What is told of a sync that changed: that something waits, not how much with each letter. */
export function syncWords({ status, local, pending, held, obstacle }: SyncState): string {
  const waits = [pending > 0 && 'edits wait', held > 0 && 'updates are held', obstacle].filter(Boolean);
  return [status, local, ...waits].join(', ');
}
