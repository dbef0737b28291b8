/** How the end of one document is told to the core, as if its socket had been closed. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Close codes as the core reads them (PROTOCOL.md, "Close codes"). */
const REFRESH = 4401;
const FORBIDDEN = 4403;
const RETRY = 4205;
const INTERNAL = 1011;

/** Hocuspocus says the reason of a close event alone: these are its own (`CloseEvents` of @hocuspocus/common). */
const CODES: Readonly<Record<string, number>> = {
  Unauthorized: REFRESH,
  Forbidden: FORBIDDEN,
  'permission-denied': REFRESH,
  'Connection Timeout': 4408,
  'Reset Connection': RETRY,
  'Message Too Big': 1009,
};

/** The server let go of a document: to come again, unless it says what else. */
export function closeOf(reason: string): Close {
  return { code: Object.hasOwn(CODES, reason) ? (CODES[reason] ?? RETRY) : RETRY, reason };
}

/**
 * The server denied a document. Where a token was shown a fresh one may do, unless the server says that it knows the user. Who was let in
 * already is denied because the document could not be opened, which may pass.
 */
export function closeOfDenial(
  reason: string,
  stage: { readonly wasAdmitted: boolean; readonly showedToken: boolean },
): Close {
  if (stage.wasAdmitted) return { code: INTERNAL, reason: `the server could not open the document: ${reason}` };
  return { code: stage.showedToken && reason !== 'Forbidden' ? REFRESH : FORBIDDEN, reason };
}

/** Whether a close of the whole socket refuses somebody, rather than ending it for everybody. */
export function isRefusal(code: number): boolean {
  return code >= 4400 && code < 4500 && code !== 4408 && code !== 4425 && code !== 4429;
}
