import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { duration, type Report } from './report.js';

/** What lies below HTTP. */
export interface Network {
  /** Whether HTTP can be spoken at all. */
  readonly reachable: boolean;
  /** Whether the server offers HTTP/2, on which event streams share one connection. */
  readonly http2: boolean;
  /** Whether secrets may go there: the certificate is the server's, or there is none to judge by. */
  readonly trusted: boolean;
}

const unreachable: Network = { reachable: false, http2: false, trusted: false };

const words: Record<string, string> = {
  ECONNREFUSED: 'nothing listens on this port',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no way to this host',
  ENETUNREACH: 'no way to this network',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name could not be looked up: no network, or no name server',
  ETIMEDOUT: 'no answer',
};

/** Name, port and certificate. */
export async function examineNetwork(url: URL, timeout: number, report: Report): Promise<Network> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'wss:' || url.protocol === 'https:';
  const port = Number(url.port) || (secure ? 443 : 80);
  if (!(await resolves(host, report))) return unreachable;
  const socket = await tcp(host, port, timeout, report);
  if (!socket) return unreachable;
  if (secure) return tls(socket, host, timeout, report);
  socket.destroy();
  return { reachable: true, http2: false, trusted: true };
}

async function resolves(host: string, report: Report): Promise<boolean> {
  if (isIP(host)) return true;
  const started = performance.now();
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    const ms = performance.now() - started;
    report.add('dns', 'ok', `${addresses.join(', ')} in ${duration(ms)}`, { data: { addresses, ms } });
    return true;
  } catch (error) {
    report.add('dns', 'fail', `${host}: ${reasonOf(error)}`, { data: { error: codeOf(error) } });
    return false;
  }
}

async function tcp(host: string, port: number, timeout: number, report: Report): Promise<Socket | null> {
  const started = performance.now();
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', timeout);
    const ms = performance.now() - started;
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    report.add('tcp', 'ok', `${address} in ${duration(ms)}`, { data: { address, ms } });
    return socket;
  } catch (error) {
    socket.destroy();
    report.add('tcp', 'fail', `${host}:${port}: ${reasonOf(error)}`, { data: { error: codeOf(error) } });
    return null;
  }
}

async function tls(socket: Socket, host: string, timeout: number, report: Report): Promise<Network> {
  const started = performance.now();
  const servername = isIP(host) ? {} : { servername: host };
  const secured = connectTls({
    socket,
    host,
    ...servername,
    ALPNProtocols: ['h2', 'http/1.1'],
    rejectUnauthorized: false,
  });
  try {
    await once(secured, 'secureConnect', timeout);
    tellTls(secured, performance.now() - started, report);
    return { reachable: true, http2: secured.alpnProtocol === 'h2', trusted: secured.authorized };
  } catch (error) {
    report.add('tls', 'fail', `no TLS on this port: ${reasonOf(error)}`, { data: { error: codeOf(error) } });
    return unreachable;
  } finally {
    socket.destroy();
  }
}

function tellTls(socket: TLSSocket, ms: number, report: Report): void {
  const { valid_to: end, subject, subjectaltname: names } = socket.getPeerCertificate();
  const version = socket.getProtocol() ?? 'TLS';
  const alpn = socket.alpnProtocol || null;
  report.add('tls', 'ok', `${version}, ${alpn ?? 'no ALPN'}, in ${duration(ms)}`, { data: { version, alpn, ms } });
  const name = names?.replaceAll(/(DNS|IP Address):/g, '') ?? subject?.CN;
  const data = { name: name ?? null, validTo: end ?? null, error: socket.authorizationError?.toString() ?? null };
  if (socket.authorized) {
    report.add('certificate', 'ok', `${name}, valid to ${end}`, { data });
    return;
  }
  const value = `not trusted: ${socket.authorizationError}; for ${name}, valid to ${end}`;
  report.add('certificate', 'fail', value, {
    advice: 'browsers refuse it without a word to the page; the examination goes on all the same',
    data,
  });
}

function once(socket: Socket, event: string, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeout);
    const end = (error?: Error) => {
      clearTimeout(limit);
      if (error) reject(error);
      else resolve();
    };
    socket.once(event, () => end());
    // Stays: an error after the first has no other listener.
    socket.on('error', end);
    socket.once('close', () => end(Object.assign(new Error(), { code: 'ECONNRESET' })));
  });
}

/** The word of the system for an error. */
export function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return String(code ?? message ?? error);
}

/** Why something failed, for people. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = words[code];
  if (known !== undefined) return `${known} (${code})`;
  const { message } = error as { message?: string };
  return message || code;
}
