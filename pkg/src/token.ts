import { Question } from './question.js';

/** A token, perhaps with the time (milliseconds since 1970) until which it may be used; a JWT says it by itself. */
export type Token = string | { readonly token: string; readonly expiresAt?: number | undefined };

/** A link this close to the end of its token asks for a new one, in milliseconds. */
const EXPIRY_MARGIN = 5_000;

/** A token and when it ends, if that is known. */
export interface KnownToken {
  readonly token: string;
  readonly expiresAt: number | null;
}

/** Asks the app for tokens: one question at a time, whoever wants to know, and none while the last one is good. */
export class TokenSource<C> {
  readonly #ask: (context: C) => Token | Promise<Token>;
  #question = new Question<KnownToken>();
  #known: KnownToken | null = null;

  constructor(ask: (context: C) => Token | Promise<Token>) {
    this.#ask = ask;
  }

  /** A token that is not `stale`; rejects with what the app's function throws. */
  async get(context: C, stale: string | null): Promise<KnownToken> {
    if (this.#known && this.#known.token === stale) this.#known = null;
    const { expiresAt } = this.#known ?? {};
    if (this.#known && expiresAt && expiresAt - EXPIRY_MARGIN > Date.now()) return this.#known;
    return this.#question.ask(() => this.#fetch(context));
  }

  /** The next one is asked for anew, also where an answer is on its way: it may be another user's. */
  forget(): void {
    this.#known = null;
    this.#question = new Question();
  }

  async #fetch(context: C): Promise<KnownToken> {
    const question = this.#question;
    const given = await this.#ask(context);
    const { token, expiresAt } = typeof given === 'string' ? { token: given, expiresAt: undefined } : given;
    const known = { token, expiresAt: expiresAt ?? expiryOf(token) };
    if (question === this.#question) this.#known = known;
    return known;
  }
}

/** When a JWT ends (RFC 7519 §4.1.4), in milliseconds since 1970; null for what is none. Nothing of it is verified. */
export function expiryOf(token: string): number | null {
  const claims = token.split('.')[1];
  if (!claims) return null;
  try {
    const { exp }: { exp?: unknown } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp * 1_000 : null;
  } catch {
    return null;
  }
}
