import type { IncomingMessage } from 'node:http';
import { duration, type Report } from '../report.js';
import type { Heard } from './listen.js';

/** Events whose reads lie closer together than this came at once, in milliseconds. */
const together = 30;
/** Silence before a burst that long is somebody holding the stream back, in milliseconds. */
const held = 700;
const burst = 3;

/** How the events arrived: one by one, or all at once because something held them back. */
export function tellFlow(response: IncomingMessage, heard: Heard, headersAt: number, report: Report): void {
  const [first] = heard.reads;
  if (first === undefined) {
    tellSilence(response, heard, report);
    return;
  }
  const wait = first.at - headersAt;
  const events = heard.parser.events;
  const spread = (events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0);
  const data = { firstByteMs: wait, events: events.length, reads: heard.reads.length, spreadMs: spread };
  // A busy machine reads one block in two pieces, some time apart.
  const block = spread < together || (spread < wait / 2 && events.length >= burst * heard.reads.length);
  if (events.length >= burst && block && wait > held) {
    const value = `${events.length} events at once, ${duration(wait)} after the headers: something holds the stream back`;
    report.add('buffering', 'fail', value, { advice: adviceFor(response), data });
    return;
  }
  if (response.headers['content-length'] !== undefined) {
    const value = `Content-Length: ${response.headers['content-length']}: the whole answer was ready before it was sent`;
    report.add('buffering', 'warn', value, { advice: adviceFor(response), data });
    return;
  }
  report.add('buffering', 'ok', `first bytes ${duration(wait)} after the headers, ${heard.reads.length} reads`, {
    data,
  });
}

function tellSilence(response: IncomingMessage, { ms, end }: Heard, report: Report): void {
  const data = { firstByteMs: null, events: 0, reads: 0 };
  if (end !== 'open') {
    report.add('buffering', 'fail', 'the stream ended without a byte', { data });
    return;
  }
  const value = `not a byte within ${duration(ms)} of the headers: a quiet server, or something that holds the stream back`;
  const advice = `a comment at once and every 15 s would tell; ${adviceFor(response)}; --listen waits longer`;
  report.add('buffering', 'warn', value, { advice, data });
}

/** What to change, going by who answered. */
export function adviceFor({ headers }: IncomingMessage): string {
  const { server = '', via } = headers;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return `do not compress text/event-stream (${encoding})`;
  if (/nginx/i.test(String(server))) return 'nginx: proxy_buffering off, or answer with X-Accel-Buffering: no';
  if (/cloudflare/i.test(String(server))) return 'Cloudflare: answer with Cache-Control: no-cache, no-transform';
  const who = via === undefined ? '' : ` (Via: ${via})`;
  return `answer with X-Accel-Buffering: no and Cache-Control: no-cache, no-transform, and flush after each event${who}`;
}
