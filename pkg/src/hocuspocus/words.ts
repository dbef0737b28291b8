import { messagesOf } from '../shared/frames.js';
import { join, Reader, string, varUint } from '../shared/lib0.js';
import type { Bytes } from './frame.js';

/** Tags of dialects of our own (PROTOCOL.md): tokens on the link, and how a server stands to a client. */
const TOKEN = 121;
const STANDING = 125;

/** Of tokens: the client shows one, the server lets it stay for so many milliseconds (0: for ever). */
const SHOW = 2;
const ADMITTED = 129;

/** Of standing: the server greets, or refuses an update. */
const GREETING = 16;
const REFUSED = 17;

/** What the core says to a server. */
export type Word =
  | { readonly kind: 'message'; readonly bytes: Bytes }
  | { readonly kind: 'token'; readonly token: string };

/** The words of a frame of the core that can be said to Hocuspocus; of the others its servers know nothing. */
export function wordsOf(frame: Bytes): Word[] {
  return messagesOf(frame).flatMap(({ kind, bytes, payload }): Word[] => {
    if (kind === 'ask' || kind === 'answer' || kind === 'update' || kind === 'presence')
      return [{ kind: 'message', bytes }];
    if (kind !== 'token') return [];
    const body = new Reader(payload);
    return body.varUint() === SHOW ? [{ kind: 'token', token: body.string() }] : [];
  });
}

/** Whether a message is a question that is answered in any case: sync step 1. */
export function isQuestion(message: Bytes): boolean {
  return message[0] === 0 && message[1] === 0;
}

/** Tells the core that its token is good, for so many milliseconds, and that a fresh one is taken here. */
export function admitted(lifetime: number): Bytes {
  return behind(TOKEN, join(varUint(ADMITTED), varUint(lifetime)));
}

/** Tells the core what it may do. There is no epoch. */
export function greeting(access: 'read' | 'write'): Bytes {
  return behind(STANDING, Uint8Array.of(GREETING, 0, access === 'read' ? 1 : 0));
}

/** Tells the core that an update was not taken. */
export function refused(why: string): Bytes {
  return behind(STANDING, join(varUint(REFUSED), string(why)));
}

function behind(tag: number, body: Bytes): Bytes {
  return join(varUint(tag), varUint(body.length), body);
}
