import { examineNetwork } from './network.js';
import type { DoctorOptions, Kind } from './options.js';
import { excerpt, Report } from './report.js';
import { ask, NoAnswer } from './request.js';
import { speaksEngine } from './socket/engine.js';
import { open } from './socket/link.js';
import { examineSocket } from './socket.js';
import { examineStream } from './stream.js';

/** What an examination says. */
export interface Examination {
  readonly kind: Kind;
  readonly report: Report;
}

/** Examines an endpoint from the network upwards. */
export async function examine(given: DoctorOptions): Promise<Examination> {
  const report = new Report();
  let { kind } = given;
  try {
    const network = await examineNetwork(given.url, given.timeout, report);
    if (!network.reachable) return { kind, report };
    const options = network.trusted ? given : withoutSecrets(given, report);
    if (kind === 'auto') kind = await findKind(options);
    if (kind === 'ws') await examineSocket(options, report);
    else await examineStream(options, network, report);
  } catch (error) {
    // What was found before holds.
    report.add('internal', 'fail', `the doctor itself failed: ${excerpt(String(error))}`);
  }
  return { kind, report };
}

/** Whoever has this certificate may be anybody. */
function withoutSecrets(options: DoctorOptions, report: Report): DoctorOptions {
  const { token, headers } = options;
  const names = [...(token === null ? [] : ['--token']), ...(Object.keys(headers).length > 0 ? ['--header'] : [])];
  if (names.length === 0) return options;
  const advice = 'NODE_EXTRA_CA_CERTS=file.pem makes the doctor trust an authority of your own';
  report.add('secrets', 'warn', `${names.join(' and ')} not sent: the certificate is not trusted`, { advice });
  return { ...options, token: null, headers: {} };
}

/** An http: address may be either. One handshake tells most: a stream's server takes it for a GET. */
async function findKind({ url, headers, origin, protocols, timeout }: DoctorOptions): Promise<Kind> {
  const opening = await open({ url, protocols, headers, origin, timeout });
  if (opening.kind === 'open') {
    await opening.link.close(0);
    return 'ws';
  }
  if (opening.kind === 'refused' && isStream(opening.refusal.headers['content-type'])) return 'sse';
  if (await speaksEngine(url, headers, timeout)) return 'ws';
  try {
    const { response, end } = await ask({ url, headers: { ...headers, accept: 'text/event-stream' }, timeout });
    end();
    if (isStream(response.headers['content-type'])) return 'sse';
    return response.statusCode === 426 ? 'ws' : guess(url);
  } catch (error) {
    if (error instanceof NoAnswer) return guess(url);
    throw error;
  }
}

function guess({ pathname }: URL): Kind {
  return /\b(ws|websocket|socket)\b/i.test(pathname) ? 'ws' : 'sse';
}

function isStream(type: string | undefined): boolean {
  return type?.startsWith('text/event-stream') ?? false;
}
