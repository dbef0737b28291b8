import { absolute, isRefusal } from '../endpoint.js';
import { wordsOf } from '../errors.js';
import type { LinksCore } from '../links-boundary.js';
import type { SocketContext, SocketOptions, SocketUrl } from '../socket.js';
import type { Token } from '../token.js';
import { list } from './options.js';

/** What tells the core an answer. */
export type Tell = (core: LinksCore, link: number, request: number) => void;

/** A link this close to the end of its token asks for a new one, in milliseconds. */
const EXPIRY_MARGIN = 5_000;

/** What is known of who is signed in. */
interface User {
  token?: Exclude<Token, string> | undefined;
  /** The answer that is on its way. */
  asking?: Promise<Tell> | undefined;
}

/** Answers the core's questions for a URL, subprotocols and a token: one call of the app's functions at a time. */
export class SocketEndpoint<T> {
  readonly #url: SocketUrl;
  readonly #options: SocketOptions<T>;
  #user: User = {};
  /** URL of the last attempt. */
  url = '';

  constructor(url: SocketUrl, options: SocketOptions<T>) {
    this.#url = url;
    this.#options = options;
    if (typeof url !== 'function') this.url = absolute(url);
  }

  /** Asks the app; resolves with what is to be told to the core, and never rejects. */
  ask(context: SocketContext): Promise<Tell> {
    const user = this.#user;
    if (context.reason === 'rejected') user.token = undefined;
    user.asking ??= this.#answer(context, user).finally(() => {
      user.asking = undefined;
    });
    return user.asking;
  }

  /** Asks anew the next time, also where an answer is on its way: it may be another user's. */
  forget(): void {
    this.#user = {};
  }

  async #answer(context: SocketContext, user: User): Promise<Tell> {
    const { protocols: given } = this.#options;
    try {
      const [url, token, protocols] = await Promise.all([
        typeof this.#url === 'function' ? this.#url(context) : this.#url,
        this.#token(context, user),
        typeof given === 'function' ? given(context) : null,
      ]);
      const place = absolute(url);
      this.url = place;
      const hello = token === null ? null : this.#firstMessage(token);
      return (core, link, request) => core.provideSocket(link, request, place, token, list(protocols), hello);
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

  async #token(context: SocketContext, user: User): Promise<string | null> {
    const { auth } = this.#options;
    const { token: known } = user;
    if (!auth) return null;
    if (known && Number(known.expiresAt) - EXPIRY_MARGIN > Date.now()) return known.token;
    // A hook's gives none once nobody is signed in.
    const given = (await auth(context)) as Token | undefined;
    if (typeof given !== 'object') return given ?? null;
    user.token = given;
    return given.token;
  }
}
