import { SyncError } from '../errors.js';
import type { StandardSchemaV1 } from '../schema.js';
import type { SocketData, SocketInput } from '../socket.js';

/** Between the app's values and what a socket carries. Both throw a {@link SyncError}. */
export interface Codec<T> {
  readonly encode: (value: unknown) => string | Uint8Array;
  readonly decode: (data: SocketData) => T;
}

/** The codec that `json` asks for. */
export function codecOf<T>(json: boolean | StandardSchemaV1<unknown, T> | undefined): Codec<T> {
  if (!json) return { encode: (value) => raw(value as SocketInput), decode: (data) => data as T };
  return { encode: write, decode: (data) => check(read(data), json === true ? undefined : json) };
}

function raw(data: SocketInput): string | Uint8Array {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') return new Uint8Array(data);
  const words = 'a message is a string, an ArrayBuffer or a view of one; await blob.arrayBuffer() for a Blob';
  throw new SyncError('E_INVALID_ARGUMENT', words);
}

function write(value: unknown): string {
  const text = tryTo(() => JSON.stringify(value) as string | undefined, 'E_INVALID_ARGUMENT', 'this value has no JSON');
  if (text === undefined) throw new SyncError('E_INVALID_ARGUMENT', 'this value has no JSON');
  return text;
}

function read(data: SocketData): unknown {
  if (typeof data !== 'string') throw new SyncError('E_PROTOCOL', 'a binary message came where JSON is expected');
  return tryTo(() => JSON.parse(data) as unknown, 'E_PROTOCOL', 'a message came that is no JSON');
}

function check<T>(value: unknown, schema: StandardSchemaV1<unknown, T> | undefined): T {
  if (!schema) return value as T;
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise)
    throw new SyncError('E_INVALID_ARGUMENT', 'the validator of `json` must be synchronous');
  const { issues, value: output } = result as { issues?: readonly { message?: string }[]; value?: T };
  if (!issues) return output as T;
  const words = issues.map(({ message }) => message ?? 'invalid').join('; ');
  throw new SyncError('E_PROTOCOL', `a message did not pass its validator: ${words}`);
}

function tryTo<R>(fn: () => R, code: 'E_INVALID_ARGUMENT' | 'E_PROTOCOL', words: string): R {
  try {
    return fn();
  } catch (cause) {
    throw new SyncError(code, words, { cause });
  }
}
