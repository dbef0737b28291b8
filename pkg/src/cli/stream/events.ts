import { duration, excerpt, type Report } from '../report.js';
import type { Heard } from './listen.js';

/** What came: events, their types, ids, comments, how it ended. */
export function tellEvents({ parser, end, ms, text }: Heard, report: Report): void {
  const { events, comments, retry, unknown } = parser;
  const types = [...new Set(events.map(({ type }) => type))];
  const listed = types.length > 6 ? `${types.slice(0, 6).join(', ')} and ${types.length - 6} more` : types.join(', ');
  const named = events.length > 0 ? ` (${excerpt(listed)})` : '';
  const data = { count: events.length, types, comments, retry, end };
  report.add('events', events.length > 0 ? 'ok' : 'info', `${events.length} within ${duration(ms)}${named}`, { data });
  const [first] = events;
  if (first) report.add('first', 'info', excerpt(first.data), { data: { id: first.id, type: first.type } });
  if (retry !== null)
    report.add('retry', 'info', `the server asks for ${duration(retry)} between attempts`, { data: { retry } });
  tellHeartbeat(comments, events.length, report);
  if (unknown.size > 0) {
    const value = `lines that browsers ignore: ${excerpt([...unknown].join(', '))}`;
    report.add('fields', 'warn', value, { advice: 'each line is data:, event:, id:, retry: or a comment' });
  } else if (events.length === 0 && /\S/.test(text) && comments === 0) {
    report.add('fields', 'warn', 'bytes came, but no blank line that ends an event');
  }
  tellEnd(end, report);
}

function tellHeartbeat(comments: number, events: number, report: Report): void {
  if (comments > 0) {
    report.add('heartbeat', 'ok', `${comments} comments`, { data: { comments } });
    return;
  }
  if (events > 0) return;
  const advice = 'rejoin takes 45 s of silence for a dead stream; a comment every 15 s keeps proxies awake too';
  report.add('heartbeat', 'info', 'no comments seen', { advice, data: { comments } });
}

function tellEnd(end: Heard['end'], report: Report): void {
  if (end === 'open') return;
  const value = end === 'ended' ? 'the server ended the stream' : 'the stream was cut in the middle';
  const advice = 'an EventSource reconnects after each end: for endless streams keep it open';
  report.add('end', end === 'cut' ? 'warn' : 'info', value, { advice, data: { end } });
}
