import type { IncomingHttpHeaders } from 'node:http';
import type { DoctorOptions } from '../options.js';
import type { Report } from '../report.js';
import { answered } from './answered.js';

/** What rejoin sends beyond what CORS lets every page send. */
const wanted = ['last-event-id', 'authorization'];

/** Whether a page of another origin may read the stream, resume it, and send a token with it. */
export async function tellCors(headers: IncomingHttpHeaders, options: DoctorOptions, report: Report): Promise<void> {
  const allowed = headers['access-control-allow-origin'] ?? null;
  const origin = options.origin;
  if (origin === null) {
    const value =
      allowed === null ? 'none: only pages of the same origin can read it' : `pages of ${allowed} can read it`;
    return report.add('cors', 'info', value, {
      advice: '--origin with the address of your page tests it',
      data: { allowed },
    });
  }
  if (allowed !== '*' && allowed !== origin) {
    const value = `Access-Control-Allow-Origin is ${allowed ?? 'missing'}: pages of ${origin} cannot read it`;
    return report.add('cors', 'fail', value, { data: { allowed } });
  }
  const credentials = headers['access-control-allow-credentials'] === 'true' && allowed !== '*';
  const value = `pages of ${origin} can read it, ${credentials ? 'also with cookies' : 'without cookies'}`;
  report.add('cors', 'ok', value, { data: { allowed, credentials } });
  await tellPreflight(origin, options, report);
}

async function tellPreflight(origin: string, { url, timeout }: DoctorOptions, report: Report): Promise<void> {
  const headers = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': wanted.join(','),
  };
  const answer = await answered({ url, method: 'OPTIONS', headers, timeout }, report, 'preflight', 'warn');
  if (!answer) return;
  const { response, end } = answer;
  end();
  const status = response.statusCode ?? 0;
  const granted = (response.headers['access-control-allow-headers'] ?? '').toLowerCase().split(/\s*,\s*/);
  // A star covers everything but Authorization (Fetch §3.3.6).
  const missing = wanted.filter(
    (name) => !granted.includes(name) && (name === 'authorization' || !granted.includes('*')),
  );
  const data = { status, missing };
  if (status >= 200 && status < 300 && missing.length === 0) {
    return report.add('preflight', 'ok', `allows ${wanted.join(' and ')}`, { data });
  }
  const value =
    status >= 200 && status < 300 ? `does not allow ${missing.join(' and ')}` : `OPTIONS is answered with ${status}`;
  const advice = 'a page of this origin can then neither resume by Last-Event-ID nor send a token in a header';
  report.add('preflight', 'warn', value, { advice, data });
}
