/** What travels over a connection. */
export type Wire = string | Uint8Array<ArrayBuffer>;

/** Engine.IO's packets, by their first sign. */
export const PING = '2';
export const PONG = '3';
export const MESSAGE = '4';

/** What a Socket.IO packet's first signs say: for whom it is, what it is for, and how many messages of bytes follow. */
export interface Head {
  readonly namespace: string;
  readonly kind: 'connect' | 'disconnect' | 'refused' | 'other';
  readonly attachments: number;
}

/** `4`, kind, attachments, namespace; what follows is the session's to judge. */
const HEAD = /^4([0-6])(?:(\d+)-)?(\/[^,]*)?/;
const KINDS = { 0: 'connect', 1: 'disconnect', 4: 'refused' } as const;

/** Null if it is no packet. */
export function headOf(text: string): Head | null {
  const match = HEAD.exec(text);
  if (!match) return null;
  const [, kind, attachments = 0, namespace = '/'] = match;
  const name = KINDS[kind as unknown as keyof typeof KINDS] ?? 'other';
  return { namespace, kind: name, attachments: Number(attachments) };
}

/** Bytes that it takes, if they are more than `least`; else `least`. */
export function moreThan(least: number, data: Wire): number {
  if (typeof data !== 'string') return Math.max(least, data.length);
  // A sign takes three bytes at most: most texts need not be counted.
  return data.length * 3 > least ? Math.max(least, new TextEncoder().encode(data).length) : least;
}
