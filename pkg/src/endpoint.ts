import type { Core, EndpointReason } from './boundary.js';
import { SyncError } from './errors.js';

/** Why and for what a URL or a token is asked for. */
export interface EndpointContext {
  /** Id of the room that connects. */
  readonly room: string;
  /** Attempt since the last proven link, from 0. */
  readonly attempt: number;
  /** `rejected`: the server refused the last token. */
  readonly reason: EndpointReason;
}

/** A token, perhaps with the time (milliseconds since 1970) until which it may be used again. */
export type Token = string | { readonly token: string; readonly expiresAt?: number | undefined };

/** Base URL of the server, or a function that gives it before each attempt. */
export type UrlOption = string | URL | ((context: EndpointContext) => string | URL | Promise<string | URL>);

/** Gives the token of a room before each attempt. */
export type AuthOption = (context: EndpointContext) => Token | Promise<Token>;

/** A link this close to the end of its token asks for a new one, in milliseconds. */
const EXPIRY_MARGIN = 5_000;

/** Answers the core's questions for a URL and a token: one call of the app's functions at a time and room. */
export class Endpoint {
  readonly #url: UrlOption;
  readonly #auth: AuthOption | undefined;
  #asking: Promise<(core: Core, request: number) => void> | null = null;
  #cached: { readonly token: string; readonly expiresAt: number } | null = null;

  constructor(url: UrlOption, auth: AuthOption | undefined) {
    this.#url = url;
    this.#auth = auth;
  }

  /** Asks the app; resolves with what is to be told to the core, and never rejects. */
  ask(context: EndpointContext): Promise<(core: Core, request: number) => void> {
    if (context.reason === 'rejected') this.#cached = null;
    this.#asking ??= this.#answer(context).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(context: EndpointContext): Promise<(core: Core, request: number) => void> {
    try {
      const [url, token] = await Promise.all([this.#resolveUrl(context), this.#resolveToken(context)]);
      return (core, request) => core.provideEndpoint(request, url, token);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failure = isRefusal(error) ? 'unauthorized' : 'unavailable';
      return (core, request) => core.refuseEndpoint(request, failure, message);
    }
  }

  async #resolveUrl(context: EndpointContext): Promise<string> {
    return absolute(typeof this.#url === 'function' ? await this.#url(context) : this.#url);
  }

  async #resolveToken(context: EndpointContext): Promise<string | null> {
    if (!this.#auth) return null;
    if (this.#cached && this.#cached.expiresAt - EXPIRY_MARGIN > Date.now()) return this.#cached.token;
    const given = await this.#auth(context);
    if (typeof given === 'string') return given;
    this.#cached = given.expiresAt === undefined ? null : { token: given.token, expiresAt: given.expiresAt };
    return given.token;
  }
}

/** A URL relative to the page as an absolute one; outside a page it stays as it is. */
export function absolute(url: string | URL): string {
  const base = typeof location === 'object' ? location.href : undefined;
  const text = String(url);
  return base && URL.canParse(text, base) ? new URL(text, base).href : text;
}

/** Whether the app's function said that asking again is of no use: a code of ours, or an HTTP status. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof SyncError) return error.code === 'E_AUTH' || error.code === 'E_FORBIDDEN';
  if (typeof error !== 'object' || error === null) return false;
  const status: unknown = Reflect.get(error, 'status');
  return status === 401 || status === 403;
}
