// Signed tokens (RFC 7519, HS256), and a page whose auth function hands them out.
import { createHmac } from 'node:crypto';

export const secret = 'a secret of the tests';

/** A token that lasts so many seconds. */
export function signed(seconds, claims = {}) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + seconds;
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ exp, ...claims })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Enters a room with these tokens, one after the other, the last again and again; the page keeps why it was asked. */
export function enterWith(page, url, room, tokens, options = {}, enter = {}) {
  const begin = (given) => {
    window.asked = [];
    const auth = async ({ reason }) => {
      window.asked.push(reason);
      return given.tokens[Math.min(window.asked.length, given.tokens.length) - 1];
    };
    return window.openSession({
      url: given.url,
      room: given.room,
      options: { ...given.options, auth },
      enter: given.enter,
    });
  };
  return page.page.evaluate(begin, { url, room, tokens, options, enter });
}

/** Why the page was asked for tokens. */
export function asked(page) {
  return page.page.evaluate(() => window.asked);
}
