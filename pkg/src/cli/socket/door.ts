import { tellRefusal } from '../refusal.js';
import { excerpt, type Report } from '../report.js';
import { judgeClose, meaningOfClose, reactions } from '../verdicts.js';
import type { Link, Opening, Way } from './link.js';
import { open } from './link.js';

/** A socket that stays open, and the way in to open more of its kind. */
export interface Door {
  readonly link: Link;
  readonly way: Way;
  readonly ms: number;
}

/** How long a server may take to hang up after it let somebody in, in milliseconds. */
const settling = 700;
/** The first of these verdicts on a close code mean that the login failed. */
const unwelcome = new Set(['refresh', 'fail']);

type Try = { readonly door: Door } | { readonly refused: Opening | Link };

/**
 * Finds a way in: as it is, then with the token in each place where servers look for it; `elsewhere` is asked where
 * nothing that is known answers. Tells what was refused.
 */
export async function findDoor(
  way: Way,
  token: string | null,
  report: Report,
  elsewhere: () => Promise<Door | null>,
): Promise<Door | null> {
  const first = await attempt(way);
  const wanted = wantedProtocol(first, way);
  const plain = wanted === null ? first : await attempt({ ...way, protocols: [wanted] });
  if ('door' in plain) {
    if (wanted !== null) report.add('wanted', 'info', `closes with 4406 without a subprotocol; ${wanted} is taken`);
    report.add(
      'auth',
      'info',
      token === null ? 'the handshake wants no token' : 'the handshake is taken without the token',
    );
    return plain.door;
  }
  if (isNobody(plain.refused)) {
    const other = await elsewhere();
    if (other) return other;
  }
  if (token !== null && isAboutLogin(plain.refused)) {
    const door = await withToken(way, token, report);
    if (door) return door;
  }
  tellRefused(plain.refused, way, report);
  return null;
}

async function attempt(way: Way): Promise<Try> {
  const opening = await open(way);
  if (opening.kind !== 'open') return { refused: opening };
  const { link, ms } = opening;
  await link.until(() => link.frames.length > 0, settling);
  return link.ending === null ? { door: { link, way, ms } } : { refused: link };
}

/** 4406 is how servers of graphql-ws miss their subprotocol. */
function wantedProtocol(first: Try, { protocols }: Way): string | null {
  if (protocols.length > 0 || 'door' in first || 'kind' in first.refused) return null;
  return first.refused.ending?.code === 4406 ? 'graphql-transport-ws' : null;
}

/** Nothing was said about the caller: there may be something else at this address. */
function isNobody(refused: Opening | Link): boolean {
  if (!('kind' in refused)) return false;
  return refused.kind === 'failed' || (refused.kind === 'refused' && ![401, 403].includes(refused.refusal.status));
}

function isAboutLogin(refused: Opening | Link): boolean {
  if (!('kind' in refused)) {
    const { code, reason } = refused.ending ?? { code: 1006, reason: '' };
    return code === 1008 || unwelcome.has(judgeClose(code, reason));
  }
  return refused.kind === 'refused' && [400, 401, 403].includes(refused.refusal.status);
}

async function withToken(way: Way, token: string, report: Report): Promise<Door | null> {
  for (const { name, apply, browsers } of carriers) {
    const tried = await attempt(apply(way, token));
    if (!('door' in tried)) continue;
    const hint = browsers
      ? {}
      : { advice: 'pages cannot send headers with a WebSocket: the server has to look elsewhere too' };
    report.add('auth', browsers ? 'ok' : 'warn', `refused without the token, taken with it as ${name}`, {
      ...hint,
      data: { carrier: name },
    });
    return tried.door;
  }
  const tried = carriers.map(({ name }) => name).join(', ');
  report.add('auth', 'fail', `the token was not taken as ${tried}`, { advice: 'is it valid, and for this server?' });
  return null;
}

/** Where servers look for tokens, rejoin's own way first. */
const carriers = [
  {
    name: 'subprotocol bearer.…',
    browsers: true,
    apply: (way: Way, token: string): Way => {
      const bearer = `bearer.${Buffer.from(token, 'utf8').toString('base64url')}`;
      return { ...way, protocols: [...(way.protocols.length > 0 ? way.protocols : ['rejoin']), bearer] };
    },
  },
  ...['token', 'access_token'].map((key) => ({
    name: `query ?${key}=`,
    browsers: true,
    apply: (way: Way, token: string): Way => {
      const url = new URL(way.url);
      url.searchParams.set(key, token);
      return { ...way, url };
    },
  })),
  {
    name: 'header Authorization: Bearer',
    browsers: false,
    apply: (way: Way, token: string): Way => ({
      ...way,
      headers: { ...way.headers, authorization: `Bearer ${token}` },
    }),
  },
];

/** Tells why there is no way in. */
export function tellRefused(refused: Opening | Link, { timeout, protocols }: Way, report: Report): void {
  if (!('kind' in refused)) {
    report.add('handshake', 'ok', '101 Switching Protocols');
    tellEnding(refused, report);
    return;
  }
  if (refused.kind === 'refused') {
    tellRefusal(report, 'handshake', refused.refusal);
    return;
  }
  if (refused.kind === 'open') return;
  const silent = /timed out/i.test(refused.reason);
  const value = silent ? `no answer within ${timeout / 1000} s` : refused.reason;
  const advice = silent
    ? 'a proxy that does not pass upgrades on, or a server that is stuck'
    : adviceOn(refused.reason, protocols);
  report.add('handshake', 'fail', excerpt(value, 200), { ...(advice && { advice }), data: { error: refused.code } });
}

function adviceOn(reason: string, protocols: readonly string[]): string | null {
  if (/sent no subprotocol/i.test(reason))
    return `the server must choose one of ${protocols.join(', ')}: browsers refuse an answer without`;
  if (/sent a subprotocol but none was requested|invalid subprotocol/i.test(reason))
    return 'the server chose a subprotocol that was not offered: browsers refuse that';
  if (/socket hang up|ECONNRESET/i.test(reason)) return 'the server hung up: this path may serve no WebSocket';
  return null;
}

/** Tells that the server hung up, and what rejoin would make of that. */
export function tellEnding({ ending, frames }: Link, report: Report): void {
  const { code, reason } = ending ?? { code: 1006, reason: '' };
  const reaction = judgeClose(code, reason);
  const said = reason === '' ? 'no reason' : `"${excerpt(reason)}"`;
  const after = frames.length === 0 ? 'before a word' : `after ${frames.length} messages`;
  const value = `the server closed ${after}: ${code} (${meaningOfClose(code)}), ${said}; ${reactions[reaction]}`;
  const advice = unwelcome.has(reaction) || code === 1008 ? { advice: 'try --token, or --origin' } : {};
  report.add('close', 'fail', value, { ...advice, data: { code, reason, reaction } });
}
