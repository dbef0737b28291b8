import type { EndpointReason } from './boundary.js';
import { SyncError } from './errors.js';
import type { Token } from './token.js';

export type { Token } from './token.js';

/** Why and for what a URL or a token is asked for. */
export interface EndpointContext {
  /** Id of the room that connects. */
  readonly room: string;
  /** Attempt since the last proven link, from 0. */
  readonly attempt: number;
  /** `rejected`: the server refused the last token. `expiring`: it ends soon, and the link goes on meanwhile. */
  readonly reason: EndpointReason;
}

/** Base URL of the server, or a function that gives it before each attempt. */
export type UrlOption = string | URL | ((context: EndpointContext) => string | URL | Promise<string | URL>);

/** Gives the token of a room where one is needed. A function without parameters is asked once for all rooms. */
export type AuthOption = (context: EndpointContext) => Token | Promise<Token>;

/** A URL relative to the page as an absolute one; outside a page it stays as it is. */
export function absolute(url: string | URL): string {
  const base = typeof location === 'object' ? location.href : undefined;
  const text = String(url);
  return base && URL.canParse(text, base) ? new URL(text, base).href : text;
}

/** Whether the app's function said that asking again is of no use: a code of ours, or an HTTP status. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof SyncError) return error.code === 'E_AUTH' || error.code === 'E_FORBIDDEN';
  const status = (error as { status?: unknown } | null | undefined)?.status;
  return status === 401 || status === 403;
}
