import type { Core, CoreQuestion } from './boundary.js';
import { rulingOf } from './close-ruling.js';
import { baseOf } from './dialect.js';
import { absolute, type EndpointContext, isRefusal } from './endpoint.js';
import { wordsOf } from './errors.js';
import type { ClientOptions } from './options.js';
import { Question } from './question.js';
import { type KnownToken, TokenSource } from './token.js';

type Options = Pick<ClientOptions, 'url' | 'auth' | 'dialect' | 'closeCodes' | 'onClose'>;

/** Tells the core the answer to one of its questions. */
export type Answer = (core: Core, room: number, request: number) => void;

/** Tokens that are asked for once for all rooms of a client, by its options. */
const shared = /* @__PURE__ */ new WeakMap<Options, TokenSource<EndpointContext>>();

/** A new answerer for one room of a client. */
export function endpointOf(options: Options): Endpoint {
  return new Endpoint(options, tokensOf(options));
}

/** A function that looks at no room is asked once for all of them. */
function tokensOf(options: Options): TokenSource<EndpointContext> | null {
  const { auth } = options;
  if (!auth) return null;
  if (auth.length > 0) return new TokenSource(auth);
  const source = shared.get(options) ?? new TokenSource(auth);
  shared.set(options, source);
  return source;
}

/** The next token for rooms of a client is asked for anew. */
export function forgetTokens(options: Options): void {
  shared.get(options)?.forget();
}

/** The same options for rooms in which the user is not seen, with the same tokens. */
export function withoutUser<O extends Options & { readonly user?: unknown }>(options: O): O {
  const tokens = tokensOf(options);
  const quiet = { ...options, user: undefined };
  if (tokens) shared.set(quiet, tokens);
  return quiet;
}

/** Answers the core's questions: for a URL and a token by one call of the app's functions at a time and room, and what a close means. */
export class Endpoint {
  readonly #options: Options;
  readonly #tokens: TokenSource<EndpointContext> | null;
  #question = new Question<Answer>();
  /** The token this room was given last. */
  #given: string | null = null;

  constructor(options: Options, tokens: TokenSource<EndpointContext> | null) {
    this.#options = options;
    this.#tokens = tokens;
  }

  /** Asks the app; resolves with what is to be told to the core, and never rejects. */
  async ask(event: CoreQuestion, room: string): Promise<(core: Core) => void> {
    const answer = await (event.type === 'verdict'
      ? rulingOf(this.#options, event, room)
      : this.#question.ask(() => this.#answer({ room, attempt: event.attempt, reason: event.reason })));
    return (core) => answer(core, event.room, event.request);
  }

  /** Asks for the next token anew. */
  forget(): void {
    this.#question = new Question();
    this.#tokens?.forget();
  }

  async #answer(context: EndpointContext): Promise<Answer> {
    try {
      const [url, token] = await Promise.all([this.#resolveUrl(context), this.#resolveToken(context)]);
      if (!token) return (core, room, request) => core.provideEndpoint(room, request, url, null);
      const { token: text, expiresAt } = token;
      if (expiresAt === null) return (core, room, request) => core.provideEndpoint(room, request, url, text);
      const lifetime = Math.max(0, expiresAt - Date.now());
      return (core, room, request) => core.provideEndpoint(room, request, url, text, lifetime);
    } catch (error) {
      const message = wordsOf(error);
      const failure = isRefusal(error) ? 'unauthorized' : 'unavailable';
      return (core, room, request) => core.answerWith(room, request, failure, message);
    }
  }

  async #resolveUrl(context: EndpointContext): Promise<string> {
    const { url, dialect } = this.#options;
    return baseOf(absolute(typeof url === 'function' ? await url(context) : (url ?? '')), dialect);
  }

  async #resolveToken(context: EndpointContext): Promise<KnownToken | null> {
    if (!this.#tokens) return null;
    const stale = context.reason === 'rejected' || context.reason === 'expiring' ? this.#given : null;
    const token = await this.#tokens.get(context, stale);
    this.#given = token.token;
    return token;
  }
}
