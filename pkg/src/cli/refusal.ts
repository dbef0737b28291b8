import type { IncomingHttpHeaders } from 'node:http';
import { excerpt, type Report } from './report.js';
import { judgeStatus, reactions } from './verdicts.js';

/** A handshake or a request that was answered with something else. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The answer's first kilobytes. */
  readonly body: string;
}

const meanings: Record<number, string> = {
  400: 'the server did not take the request for one it serves',
  401: 'a token or a session is wanted, or the one sent was not taken',
  403: 'forbidden: often the Origin header, or a token in the wrong place',
  404: 'nothing is served at this path',
  405: 'the method is not allowed here',
  406: 'the server has no text/event-stream to give',
  410: 'gone',
  426: 'this path wants a WebSocket handshake',
  429: 'too many requests',
  500: 'the server failed',
  501: 'the server does not know the method',
  502: 'a proxy is there, the server behind it did not answer properly',
  503: 'unavailable for now',
  504: 'a proxy is there, the server behind it did not answer in time',
};

const advice: Record<number, string> = {
  400: 'a proxy that drops the Upgrade and Connection headers has this effect too',
  401: 'try --token',
  403: 'try --origin with the address of your page, and --token',
  404: 'check the path, and that the proxy passes it on unchanged',
  426: 'ask for it with ws: or wss:',
  502: 'is the server behind the proxy running?',
  504: 'the proxy may hold answers back until they end',
};

/** What the status of a refusal means, in words. */
export function meaningOfStatus(status: number): string {
  if (status >= 300 && status < 400) return 'a redirect: WebSockets do not follow any';
  return meanings[status] ?? (status >= 500 ? 'the server failed' : 'refused');
}

/** Tells a refusal: status, its meaning, how long to wait, what the body says, what rejoin would do. */
export function tellRefusal(report: Report, id: string, { status, headers, body }: Refusal): void {
  const retryAfter = headers['retry-after'];
  const wait = retryAfter === undefined ? '' : `; Retry-After: ${excerpt(retryAfter, 40)}`;
  const where = headers.location === undefined ? '' : `; Location: ${excerpt(headers.location)}`;
  const reaction = judgeStatus(status, retryAfter !== undefined);
  const hint = status >= 300 && status < 400 ? 'use the address it points to' : advice[status];
  report.add(id, 'fail', `HTTP ${status}: ${meaningOfStatus(status)}${wait}${where}; ${reactions[reaction]}`, {
    ...(hint !== undefined && { advice: hint }),
    data: { status, retryAfter: retryAfter ?? null, reaction },
  });
  if (body.trim() !== '') report.add('body', 'info', excerpt(body, 200), { data: { text: body.slice(0, 2048) } });
  if (reaction === 'refresh' || reaction === 'fail') tellHidden(report, headers);
}

/** Pages see no status of a refused handshake; rejoin asks again by GET, which CORS must let it read. */
function tellHidden(report: Report, headers: IncomingHttpHeaders): void {
  if (headers['access-control-allow-origin'] !== undefined) return;
  report.add(
    'cors',
    'info',
    'the refusal carries no Access-Control-Allow-Origin: pages of other origins cannot read why',
  );
}
