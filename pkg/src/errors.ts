/** Words of the core, in the order of its own list. */
const CORE_CODES = [
  'E_INVALID_ARGUMENT',
  'E_NOT_READY',
  'E_DISPOSED',
  'E_URL',
  'E_AUTH',
  'E_FORBIDDEN',
  'E_NOT_FOUND',
  'E_UNAVAILABLE',
  'E_CONNECTION',
  'E_PROTOCOL',
  'E_FRAME_TOO_LARGE',
  'E_UPDATE',
  'E_MISSING_UPDATES',
  'E_NOT_CONNECTED',
  'E_BUFFER_FULL',
  'E_RATE_LIMIT',
  'E_TIMEOUT',
  'E_CLIENT_ID_CONFLICT',
  'E_PRESENCE',
  'E_UNSUPPORTED',
  'E_MESSAGE',
  'E_QUOTA',
  'E_IDB_BLOCKED',
  'E_STORAGE',
  'E_STORAGE_CORRUPT',
  'E_STREAM',
  'E_PEER_LIMIT',
  'E_REJECTED',
  'E_EPOCH',
  'E_INTERNAL',
] as const;

/** Words of the package around the core: loading, crashes, schema. */
const PACKAGE_CODES = [
  'E_WASM_LOAD',
  'E_CSP',
  'E_CORE_CRASHED',
  'E_DIVERGED',
  'E_SCHEMA',
  'E_VERSION',
  'E_MIGRATION',
  'E_KEY',
  'E_QUARANTINED',
  'E_DUPLICATE_PACKAGE',
  'E_FILE',
  'E_MEDIA',
  'E_NEEDS_SFU',
] as const;

/** What went wrong, in a word that never changes. */
export type ErrorCode = (typeof CORE_CODES)[number] | (typeof PACKAGE_CODES)[number];

/**
 * Every {@link ErrorCode}, the core's first.
 * @example
 * const texts = Object.fromEntries(ERROR_CODES.map((code) => [code, `error.${code}`]));
 */
export const ERROR_CODES: readonly ErrorCode[] = /* @__PURE__ */ (CORE_CODES as readonly ErrorCode[]).concat(
  PACKAGE_CODES,
);

/** Where the codes are explained, a page of this package each. */
const DOCS = 'rejoin/docs/errors/';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_NOT_READY',
  'E_UNAVAILABLE',
  'E_CONNECTION',
  'E_MISSING_UPDATES',
  'E_NOT_CONNECTED',
  'E_BUFFER_FULL',
  'E_RATE_LIMIT',
  'E_TIMEOUT',
  'E_CLIENT_ID_CONFLICT',
  'E_QUOTA',
  'E_IDB_BLOCKED',
  'E_STORAGE',
  'E_WASM_LOAD',
  'E_CORE_CRASHED',
]);

/** What a {@link SyncError} may carry besides its code and its words. */
export interface SyncErrorOptions {
  /** Whether it may pass by itself or by trying again. Default: what is usual for the code. */
  readonly retryable?: boolean | undefined;
  /** Id of the room it belongs to. */
  readonly room?: string | undefined;
  /** HTTP status of the answer behind it. */
  readonly status?: number | undefined;
  /** The beginning of that answer's body. */
  readonly body?: string | undefined;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

/**
 * Every error of rejoin: thrown by calls, rejecting promises, and given to the `error` event.
 *
 * An app's `auth` function may throw one with `E_AUTH` or `E_FORBIDDEN` to say that asking again is of no use.
 * @example
 * client.on('error', (error: SyncError) => {
 *   if (error.code === 'E_QUOTA') console.warn('the disk is full, see', error.docs);
 * });
 */
export class SyncError extends Error {
  /** Stable code to switch on. */
  readonly code: ErrorCode;
  /** Whether it may pass by itself or by trying again. */
  readonly retryable: boolean;
  /** The page of this package that explains the code, below `node_modules`: `rejoin/docs/errors/E_QUOTA.md`. */
  readonly docs: string;
  /** Id of the room it belongs to, if it belongs to one. */
  readonly room?: string;
  /** HTTP status of the answer behind it, if there was one. */
  readonly status?: number;
  /** The beginning of that answer's body, at most four kilobytes. */
  readonly body?: string;

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SyncError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.docs = `${DOCS}${code}.md`;
    if (options.room !== undefined) this.room = options.room;
    if (options.status !== undefined) this.status = options.status;
    if (options.body !== undefined) this.body = options.body;
  }
}

/** What the core throws and sends: plain data. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly status?: number | null;
  readonly body?: string | null;
}

/** Whether a thrown value is the core's plain error. */
export function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<Problem>;
  return typeof code === 'string' && typeof message === 'string';
}

/** A {@link SyncError} with the words of the core. */
export function fromProblem(problem: Problem, room?: string): SyncError {
  const { code, message, retryable, status, body } = problem;
  return new SyncError(code, message, { retryable, room, status: status ?? undefined, body: body ?? undefined });
}

/** What was thrown, in words. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Any thrown value as an error of rejoin. */
export function toSyncError(thrown: unknown, room?: string): SyncError {
  if (thrown instanceof SyncError) return thrown;
  if (isProblem(thrown)) return fromProblem(thrown, room);
  return new SyncError('E_INTERNAL', wordsOf(thrown), { room, cause: thrown });
}
