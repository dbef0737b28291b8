// Signed tokens (RFC 7519, HS256), and a page whose auth function hands them out.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';

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

/** A server at which pages sign in: it sets what `token` gives as their cookie. `cookies` are those that came with the requests. */
export async function loginServer(t, token) {
  const cookies = [];
  const http = createServer((request, response) => {
    const again = request.headers.cookie !== undefined;
    cookies.push(request.headers.cookie);
    response.writeHead(204, {
      'access-control-allow-origin': request.headers.origin,
      'access-control-allow-credentials': 'true',
      'set-cookie': `session=${token({ again })}; Path=/; HttpOnly; SameSite=Strict`,
    });
    response.end();
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => http.close());
  return { url: `http://127.0.0.1:${http.address().port}`, cookies };
}

/** Enters a room by a cookie, which the page's auth function has set; it knows when that ends. */
export function enterByCookie(page, url, login, options = {}) {
  const begin = (given) => {
    window.asked = [];
    const auth = async ({ reason }) => {
      window.asked.push(reason);
      await fetch(given.login, { credentials: 'include' });
      return { token: 'in the cookie', expiresAt: Date.now() + 6_000 };
    };
    return window.openSession({
      url: given.url,
      room: 'cookies',
      options: { ...given.options, auth, tokenIn: 'cookie' },
    });
  };
  return page.page.evaluate(begin, { url, login: login.url, options });
}

/** Why the page was asked for tokens. */
export function asked(page) {
  return page.page.evaluate(() => window.asked);
}
