import { absolute, isRefusal } from '../endpoint.js';
import { wordsOf } from '../errors.js';
import type { LinksCore } from '../links-boundary.js';
import type { SocketContext, SocketOptions, SocketUrl } from '../socket.js';
import { list } from './options.js';

/** What tells the core an answer. */
export type Tell = (core: LinksCore, link: number, request: number) => void;

/** A link this close to the end of its token asks for a new one, in milliseconds. */
const EXPIRY_MARGIN = 5_000;

/** Answers the core's questions for a URL, subprotocols and a token: one call of the app's functions at a time. */
export class SocketEndpoint<T> {
  readonly #url: SocketUrl;
  readonly #options: SocketOptions<T>;
  #asking: Promise<Tell> | null = null;
  #cached: { readonly token: string; readonly expiresAt: number } | null = null;
  /** URL of the last attempt. */
  url = '';

  constructor(url: SocketUrl, options: SocketOptions<T>) {
    this.#url = url;
    this.#options = options;
    if (typeof url !== 'function') this.url = absolute(url);
  }

  /** Asks the app; resolves with what is to be told to the core, and never rejects. */
  ask(context: SocketContext): Promise<Tell> {
    if (context.reason === 'rejected') this.#cached = null;
    this.#asking ??= this.#answer(context).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(context: SocketContext): Promise<Tell> {
    const { protocols: given } = this.#options;
    try {
      const [url, token, protocols] = await Promise.all([
        typeof this.#url === 'function' ? this.#url(context) : this.#url,
        this.#token(context),
        typeof given === 'function' ? given(context) : null,
      ]);
      this.url = absolute(url);
      const hello = token === null ? null : this.#firstMessage(token);
      return (core, link, request) =>
        core.provideSocket(link, request, this.url, token, list(protocols) ?? null, hello);
    } catch (error) {
      const message = wordsOf(error);
      const failure = isRefusal(error) ? 'unauthorized' : 'unavailable';
      return (core, link, request) => core.refuseSocket(link, request, failure, message);
    }
  }

  #firstMessage(token: string): string | null {
    const place = this.#options.tokenIn;
    return typeof place === 'object' && 'firstMessage' in place ? place.firstMessage(token) : null;
  }

  async #token(context: SocketContext): Promise<string | null> {
    if (!this.#options.auth) return null;
    if (this.#cached && this.#cached.expiresAt - EXPIRY_MARGIN > Date.now()) return this.#cached.token;
    const given = await this.#options.auth(context);
    if (typeof given === 'string') return given;
    this.#cached = given.expiresAt === undefined ? null : { token: given.token, expiresAt: given.expiresAt };
    return given.token;
  }
}
