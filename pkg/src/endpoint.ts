import type { Core, EndpointReason } from './boundary.js';
import { SyncError } from './errors.js';
import type { KnownToken, Token, TokenSource } from './token.js';

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

/** Answers the core's questions for a URL and a token: one call of the app's functions at a time and room. */
export class Endpoint {
  readonly #url: UrlOption;
  readonly #tokens: TokenSource<EndpointContext> | null;
  #asking: Promise<(core: Core, request: number) => void> | null = null;
  /** The token this room was given last. */
  #given: string | null = null;

  constructor(url: UrlOption, tokens: TokenSource<EndpointContext> | null) {
    this.#url = url;
    this.#tokens = tokens;
  }

  /** Asks the app; resolves with what is to be told to the core, and never rejects. */
  ask(context: EndpointContext): Promise<(core: Core, request: number) => void> {
    this.#asking ??= this.#answer(context).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(context: EndpointContext): Promise<(core: Core, request: number) => void> {
    try {
      const [url, token] = await Promise.all([this.#resolveUrl(context), this.#resolveToken(context)]);
      if (!token) return (core, request) => core.provideEndpoint(request, url, null);
      const { token: text, expiresAt } = token;
      if (expiresAt === null) return (core, request) => core.provideEndpoint(request, url, text);
      const lifetime = Math.max(0, expiresAt - Date.now());
      return (core, request) => core.provideEndpoint(request, url, text, lifetime);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failure = isRefusal(error) ? 'unauthorized' : 'unavailable';
      return (core, request) => core.refuseEndpoint(request, failure, message);
    }
  }

  async #resolveUrl(context: EndpointContext): Promise<string> {
    return absolute(typeof this.#url === 'function' ? await this.#url(context) : this.#url);
  }

  async #resolveToken(context: EndpointContext): Promise<KnownToken | null> {
    if (!this.#tokens) return null;
    const stale = context.reason === 'rejected' || context.reason === 'expiring' ? this.#given : null;
    const token = await this.#tokens.get(context, stale);
    this.#given = token.token;
    return token;
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
