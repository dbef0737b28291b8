import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Most letters of a room's name. */
const MOST_LETTERS = 1_000;

/** Why a handshake is refused. */
export interface Refused {
  readonly status: 400 | 403;
  readonly words: string;
}

/**
 * Whose page may connect: any website can open a socket to this machine, so others' are refused. Programs say no origin. With
 * `--host` pages are reached by this machine's address; names do not count, since a name can be pointed here.
 */
export function refusedOrigin({ headers }: IncomingMessage, allowed: readonly string[]): Refused | null {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes(origin)) return null;
  const words = `pages of ${origin} may not connect; start it with --origin ${origin}`;
  if (!URL.canParse(origin)) return { status: 403, words };
  const { hostname } = new URL(origin);
  const own = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
  const isAddress = isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0;
  const isHere = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  return isHere || (isAddress && hostname === own) ? null : { status: 403, words };
}

/** The room behind the host: the path, as rejoin and y-websocket write it. */
export function roomOf({ url = '/' }: IncomingMessage): string | Refused {
  const [path = ''] = url.split('?');
  try {
    const room = decodeURIComponent(path.slice(1));
    if (room !== '' && room.length <= MOST_LETTERS) return room;
  } catch {
    // Not UTF-8.
  }
  return { status: 400, words: 'the path is the name of the room, like /my-room' };
}
