import { SyncError } from '../errors.js';

/** Values as Socket.IO carries them: JSON text with places for bytes, and the bytes. */
export interface Wire {
  readonly data: string;
  readonly attachments: Uint8Array[];
}

/** Takes the bytes out of values. */
export function toWire(values: readonly unknown[]): Wire {
  const attachments: Uint8Array[] = [];
  const replace = function (this: unknown, key: string, value: unknown): unknown {
    if (typeof value === 'function') {
      throw new SyncError('E_INVALID_ARGUMENT', 'an event carries no function: await `emitWithAck()` for its answer');
    }
    // Of the holder, since some bytes (Node's Buffer) have a `toJSON` of their own.
    const bytes = bytesOf(Reflect.get(this as object, key));
    if (!bytes) return value;
    attachments.push(bytes);
    return { _placeholder: true, num: attachments.length - 1 };
  };
  try {
    return { data: JSON.stringify(values, replace), attachments };
  } catch (cause) {
    if (cause instanceof SyncError) throw cause;
    throw new SyncError('E_INVALID_ARGUMENT', 'this event has no JSON', { cause });
  }
}

/** Puts the bytes back in their places. */
export function fromWire(data: string, attachments: readonly ArrayBuffer[]): unknown[] {
  if (attachments.length === 0) return JSON.parse(data) as unknown[];
  return JSON.parse(data, (_, value: unknown) => {
    const number = placeOf(value);
    return number === null ? value : attachments[number];
  }) as unknown[];
}

function placeOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const { _placeholder: placeholder, num } = value as { _placeholder?: unknown; num?: unknown };
  return placeholder === true && typeof num === 'number' ? num : null;
}

function bytesOf(value: unknown): Uint8Array | null {
  if (typeof value !== 'object' || value === null) return null;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const kind = Object.prototype.toString.call(value);
  if (kind === '[object ArrayBuffer]') return new Uint8Array(value as ArrayBuffer);
  if (kind === '[object Blob]' || kind === '[object File]') {
    throw new SyncError('E_INVALID_ARGUMENT', 'an event takes no Blob; await blob.arrayBuffer()');
  }
  return null;
}
