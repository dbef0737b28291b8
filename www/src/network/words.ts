import type { ConnectionReason, ConnectionState } from 'rejoin';

/** Why there is no link, for people. */
export function reasonInWords({ reason, attempt }: Pick<ConnectionState, 'reason' | 'attempt'>): string {
  switch (reason?.kind) {
    case undefined:
      return '';
    case 'closed':
      return closedInWords(reason, attempt);
    case 'http':
      return `The server answered HTTP ${reason.status}`;
    case 'timeout':
      return `Nothing came back in time (${reason.waitingFor})`;
    case 'auth':
      return 'The address or the token could not be had';
    case 'offline':
      return 'This device has no network';
    case 'suspended':
      return 'The page was put to sleep';
    case 'requested':
      return 'Cut by you';
    case 'refused':
      return 'The browser refused the connection';
    case 'protocol':
      return 'The server broke the protocol';
    case 'finished':
      return `The model ended: ${reason.word}`;
    case 'ended':
      return 'The server ended the stream';
    case 'lost':
      return 'The stream broke off';
  }
}

type Closed = Extract<ConnectionReason, { kind: 'closed' }>;

/** Browsers say 1006 both when a link breaks and when there never was one. */
function closedInWords({ code, reason }: Closed, attempt: number): string {
  if (reason) return `The server closed the link (${code}, “${reason}”)`;
  if (code !== 1006) return `The server closed the link (${code})`;
  return attempt > 1 ? 'The server cannot be reached' : 'The link broke without a goodbye';
}

/** Where the connection stands, in a word or two. */
export function statusInWords(status: ConnectionState['status']): string {
  const words: Record<ConnectionState['status'], string> = {
    idle: 'Not connected yet',
    connecting: 'Connecting',
    connected: 'Connected',
    reconnecting: 'Reconnecting',
    disconnected: 'Disconnected',
  };
  return words[status];
}

/** A number of things with its noun. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
