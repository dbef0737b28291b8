/** What rejoin does by default after a link has ended. */
export type Reaction = 'retry' | 'retry-later' | 'refresh' | 'retry-twice' | 'too-large' | 'fail';

/** Each {@link Reaction} in words. */
export const reactions: Record<Reaction, string> = {
  retry: 'rejoin tries again with backoff',
  'retry-later': 'rejoin tries again after a longer wait',
  refresh: 'rejoin asks for a fresh token once, then fails',
  'retry-twice': 'rejoin tries twice more, then fails',
  'too-large': 'rejoin does not send that frame again, and reconnects',
  fail: 'rejoin fails until the app calls connect()',
};

/** What rejoin makes of a close code; the same table as the core's, held together by a list that both are tested with. */
export function judgeClose(code: number, reason: string): Reaction {
  if ([1002, 1003, 1007, 1010].includes(code)) return reason.includes('"reloadable"') ? 'refresh' : 'retry-twice';
  if (code === 1008) return /token|auth|expired|unauthorized/i.test(reason) ? 'refresh' : 'retry-twice';
  if (code === 1009) return 'too-large';
  if (code === 1012 || code === 1013 || code === 4429) return 'retry-later';
  if (code === 3000 || code === 4401) return 'refresh';
  if (code === 4408 || code === 4425) return 'retry';
  if (code === 3003 || code === 4999 || (code >= 4400 && code <= 4499)) return 'fail';
  return asksForWait(reason);
}

/** What rejoin makes of the HTTP status of a refused handshake. */
export function judgeStatus(status: number, retryAfter: boolean): Reaction {
  if (status === 401) return 'refresh';
  if (status === 403) return 'fail';
  return status === 429 || status === 503 || retryAfter ? 'retry-later' : 'retry';
}

/** The registered meaning of a close code (RFC 6455 §7.4, the IANA registry, habits of the 4400s). */
export function meaningOfClose(code: number): string {
  return meanings[code] ?? (code >= 4000 ? "the application's own" : code >= 3000 ? "a library's own" : 'unknown');
}

const meanings: Record<number, string> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code given',
  1006: 'the connection was cut without a close frame',
  1007: 'invalid payload',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension missing',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
  1015: 'TLS failed',
  3000: 'unauthorized',
  3003: 'forbidden',
  3008: 'timeout',
  4401: 'unauthorized',
  4403: 'forbidden',
  4404: 'not found',
  4406: 'subprotocol not acceptable',
  4408: 'timeout',
  4409: 'conflict',
  4410: 'gone',
  4429: 'too many requests',
};

/** `{"retry_ms": 1500}` as a close reason. */
function asksForWait(reason: string): Reaction {
  try {
    const { retry_ms: wait } = JSON.parse(reason) ?? {};
    return Number.isInteger(wait) && wait >= 0 ? 'retry-later' : 'retry';
  } catch {
    return 'retry';
  }
}
