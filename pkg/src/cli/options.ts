import { parseArgs } from 'node:util';

/** What kind of endpoint is examined; `auto` finds out. */
export type Kind = 'auto' | 'ws' | 'sse';

/** What the command line asked for. */
export interface DoctorOptions {
  readonly url: URL;
  readonly kind: Kind;
  readonly token: string | null;
  /** Subprotocols to offer. */
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string | null;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  /** How long to listen to what the server says by itself, in milliseconds. */
  readonly listen: number;
  readonly json: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** What `rejoin --help` prints. */
export const usage = `rejoin doctor URL [options]    examines a WebSocket or SSE endpoint and says what it found

  --kind ws|sse      what it is (default: found out; ws: and wss: are WebSocket)
  --token TOKEN      a token: tried as subprotocol, in the query, and as Authorization header
  --protocol NAME    a subprotocol to offer (may be repeated)
  --header "N: V"    a header to send (may be repeated)
  --origin ORIGIN    the page's origin, as a browser would send it
  --timeout SECONDS  how long an answer may take (default 10)
  --listen SECONDS   how long to listen to the server (default 3; more, to see rare pings)
  --json             the findings as JSON

Token and headers are not sent where the certificate is not trusted (NODE_EXTRA_CA_CERTS=file.pem adds an authority).
Frames that known protocols begin with are sent to the endpoint, and a text of its own to see whether it echoes.
Exit codes: 0 nothing is broken, 1 problems found, 2 the command line is wrong.`;

const flags = {
  kind: { type: 'string' },
  token: { type: 'string' },
  protocol: { type: 'string', multiple: true },
  header: { type: 'string', multiple: true },
  origin: { type: 'string' },
  timeout: { type: 'string' },
  listen: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line; null when help is asked for. */
export function readOptions(args: readonly string[]): DoctorOptions | null {
  const { values, positionals } = parse(args);
  const [command, address, ...more] = positionals;
  if (values.help || command === 'help') return null;
  if (command !== 'doctor') throw new UsageError(command ? `there is no command "${command}"` : 'a command is missing');
  if (address === undefined) throw new UsageError('the address is missing');
  if (more.length > 0) throw new UsageError(`one address at a time, besides it: ${more.join(' ')}`);
  const url = readUrl(address);
  return {
    url,
    kind: readKind(values.kind ?? 'auto', url),
    token: values.token ?? null,
    protocols: readProtocols(values.protocol ?? []),
    headers: Object.fromEntries((values.header ?? []).map(readHeader)),
    origin: values.origin === undefined ? null : readOrigin(values.origin),
    timeout: readSeconds('timeout', values.timeout ?? '10'),
    listen: readSeconds('listen', values.listen ?? '3'),
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readUrl(address: string): URL {
  if (!/^(wss?|https?):\/\//i.test(address)) {
    throw new UsageError(`${address} is no address: it begins with ws://, wss://, http:// or https://`);
  }
  if (!URL.canParse(address)) throw new UsageError(`${address} is no address`);
  return new URL(address);
}

function readKind(kind: string, { protocol }: URL): Kind {
  if (kind !== 'auto' && kind !== 'ws' && kind !== 'sse') throw new UsageError(`--kind is ws or sse, not ${kind}`);
  const socket = protocol === 'ws:' || protocol === 'wss:';
  if (socket && kind === 'sse') throw new UsageError('an event stream has an http: or https: address');
  return socket ? 'ws' : kind;
}

function readProtocols(names: readonly string[]): readonly string[] {
  // RFC 7230 §3.2.6: what a token is made of.
  const odd = names.find((name) => !/^[!#$%&'*+\-.^_`|~\w]+$/.test(name));
  if (odd !== undefined) throw new UsageError(`--protocol: "${odd}" is no subprotocol's name`);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`--protocol: "${twice}" is offered twice`);
  return names;
}

function readHeader(line: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`--header: "${line}" is not "Name: value"`);
  return [name.toLowerCase(), value];
}

function readOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new UsageError(`--origin: "${origin}" is not like https://app.example`);
}

function readSeconds(name: string, text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds * 1000;
  throw new UsageError(`--${name}: "${text}" is no number of seconds from above 0 to 3600`);
}
