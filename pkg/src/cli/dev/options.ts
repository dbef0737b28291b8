import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../options.js';

/** What `rejoin dev` was asked for. */
export interface DevOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where rooms are kept; null: in memory. */
  readonly data: string | null;
  /** Origins of pages that may connect, besides those of this machine. */
  readonly origins: readonly string[];
}

/** What `rejoin dev --help` prints. */
export const devUsage = `rejoin dev [options]    a server for development: documents, presence and messages, for any room

  --port PORT        default 1234; 0 is any that is free
  --host HOST        default 127.0.0.1: this machine alone; 0.0.0.0 for others of your network
  --data FOLDER      keeps documents in this folder (default: in memory, until the server ends)
  --origin ORIGIN    a page that may connect, like https://app.test (may be repeated); pages of this machine may

It speaks the y-websocket protocol, to clients of rejoin and of y-websocket: ws://127.0.0.1:1234/ROOM. Messages and
broadcasts of rejoin work, and are in memory always. It takes every token and every edit; it has no HTTP in the place of
WebSockets and no signaling for links between browsers. It is not for production.
Exit codes: 0 it was ended by SIGINT or SIGTERM, 1 it could not start, 2 the command line is wrong.`;

const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  origin: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads what stands behind `dev`; null when help is asked for. */
export function readDevOptions(args: readonly string[]): DevOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  if (positionals.length > 0) throw new UsageError(`not understood: ${positionals.join(' ')}`);
  return {
    host: readHost(values.host ?? '127.0.0.1'),
    port: readPort(values.port ?? '1234'),
    data: values.data === undefined ? null : resolve(values.data),
    origins: (values.origin ?? []).map(readOrigin),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new UsageError(`--port: "${text}" is no number from 0 to 65535`);
}

function readHost(host: string): string {
  if (isIP(host) || /^[a-z\d][a-z\d.-]*$/i.test(host)) return host;
  throw new UsageError(`--host: "${host}" is no name and no address`);
}

function readOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new UsageError(`--origin: "${origin}" is not like https://app.example`);
}
