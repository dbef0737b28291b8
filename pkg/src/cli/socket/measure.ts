import { duration, median, type Report } from '../report.js';
import type { Link } from './link.js';

const rounds = 7;
/** Milliseconds. */
const pongLimit = 3000;
const closeLimit = 2000;

/** Round trips by the protocol's own ping. */
export async function measureLatency(link: Link, report: Report): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ms = await link.ping(pongLimit);
    if (ms === null) break;
    times.push(ms);
  }
  const middle = median(times);
  if (middle === null) {
    report.add('latency', 'warn', `no pong within ${duration(pongLimit)}`, {
      advice: 'RFC 6455 wants pings answered: something between drops control frames',
    });
    return;
  }
  const data = { medianMs: middle, times };
  report.add('latency', 'ok', `${duration(middle)} (ping and pong, median of ${times.length})`, { data });
}

/** Round trips of messages, text and binary. */
export async function measureEcho(link: Link, report: Report): Promise<void> {
  const texts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ms = await trip(link, `rejoin doctor ${round} ${'x'.repeat(round * 20)}`);
    if (ms !== null) texts.push(ms);
  }
  const middle = median(texts);
  if (middle === null) {
    report.add('echo', 'warn', 'the echo stopped');
    return;
  }
  const bytes = Buffer.from([0, 255, 128, 10, 13, ...Buffer.from('rejoin')]);
  const binary = (await trip(link, bytes)) !== null;
  const kinds = binary ? 'text and binary' : 'text; binary does not come back';
  const data = { medianMs: middle, binary };
  report.add('echo', 'ok', `${duration(middle)} (median of ${texts.length}), ${kinds}`, { data });
}

async function trip(link: Link, message: string | Buffer): Promise<number | null> {
  const seen = link.frames.length;
  const started = performance.now();
  link.send(message);
  const same = await link.next(seen, pongLimit, (frame) =>
    typeof frame === 'string' ? frame === message : typeof message !== 'string' && frame.equals(message),
  );
  return same === null ? null : performance.now() - started;
}

/** What the server sends by itself to keep the line alive. */
export function tellPings({ pings }: Link, listened: number, report: Report): void {
  const [first, second] = pings;
  if (first === undefined) {
    const advice = 'rejoin asks by itself after 25 quiet seconds; --listen 60 shows rarer pings';
    report.add('pings', 'info', `none from the server within ${duration(listened)}`, {
      advice,
      data: { count: 0 },
    });
    return;
  }
  const every = second === undefined ? '' : `, every ${duration(second - first)}`;
  report.add('pings', 'ok', `${pings.length} from the server${every}`, { data: { count: pings.length } });
}

/** Closes, and tells whether the server answers as RFC 6455 §7.1 wants. */
export async function tellClosing(link: Link, report: Report): Promise<void> {
  const answered = await link.close(closeLimit);
  const code = link.ending?.code ?? 1006;
  if (answered) {
    report.add('close', 'ok', `answers our 1000 with ${code}`, { data: { code } });
    return;
  }
  const cut = link.ending !== null;
  const value = cut
    ? 'cuts the connection without a close frame'
    : `no close frame within ${duration(closeLimit)} of ours`;
  report.add('close', 'warn', value, {
    advice: 'rejoin does not wait for it; other clients may hang until a timeout',
    data: { code: null },
  });
}
