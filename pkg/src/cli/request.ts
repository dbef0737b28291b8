import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { codeOf, reasonOf } from './network.js';

/** How something is asked for over HTTP. */
export interface Question {
  readonly url: URL;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Until the answer's headers, in milliseconds. */
  readonly timeout: number;
}

/** The head of an answer, with its body still to come. */
export interface Answer {
  readonly response: IncomingMessage;
  /** From asking to the headers, in milliseconds. */
  readonly ms: number;
  readonly end: () => void;
}

/** No answer at all. */
export class NoAnswer extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Asks; resolves with the headers, rejects with {@link NoAnswer}. The certificate has been judged before. */
export function ask({ url, method = 'GET', headers, timeout }: Question): Promise<Answer> {
  const address = new URL(url);
  if (address.protocol === 'ws:') address.protocol = 'http:';
  if (address.protocol === 'wss:') address.protocol = 'https:';
  const started = performance.now();
  const options = { method, headers: { ...headers }, agent: false as const };
  return new Promise((resolve, reject) => {
    const request =
      address.protocol === 'https:'
        ? secureRequest(address, { ...options, rejectUnauthorized: false })
        : plainRequest(address, options);
    const end = () => request.destroy();
    const limit = setTimeout(() => {
      reject(new NoAnswer(`no answer within ${timeout / 1000} s`, 'ETIMEDOUT'));
      end();
    }, timeout);
    request.once('response', (response) => {
      clearTimeout(limit);
      // A body that is cut is no error of its own: what came is judged.
      response.on('error', () => {});
      resolve({ response, ms: performance.now() - started, end });
    });
    request.on('error', (error) => {
      clearTimeout(limit);
      reject(new NoAnswer(reasonOf(error), codeOf(error)));
    });
    request.end();
  });
}
