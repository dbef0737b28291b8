import { afterEach, describe, expect, test, vi } from 'vitest';
import { cameOverHttp1 } from '../src/http1.js';
import type { LinksEngine } from '../src/links.js';
import { engineOfStream } from '../src/shared/links.js';
import { RestingStream } from '../src/shared/rest.js';
import { SharedStream } from '../src/shared/stream.js';

afterEach(() => vi.unstubAllGlobals());

/** A page at this origin that came by this protocol. */
function page(origin: string, nextHopProtocol: string): void {
  const { protocol } = new URL(origin);
  vi.stubGlobal('navigator', { locks: {} });
  vi.stubGlobal('location', { origin, protocol, href: `${origin}/` });
  vi.stubGlobal('performance', { getEntriesByType: () => [{ nextHopProtocol }] });
}

const links = {} as LinksEngine;
const isShared = (url: string, options = {}): boolean =>
  cameOverHttp1() && engineOfStream(links, url, options) instanceof SharedStream;

describe('streams of events are shared by the tabs', () => {
  test('where a browser has six connections: over http, and at home if the page came over HTTP/1.1', () => {
    page('http://localhost:8000', 'http/1.1');
    const anonymous = { credentials: 'omit' };
    expect([isShared('http://localhost:8000/a', anonymous), isShared('http://127.0.0.1:9/a')]).toEqual([true, true]);
    page('https://app.example', 'http/1.1');
    const places = ['https://app.example/a', 'https://other.example/a'];
    expect(places.map((url) => isShared(url, anonymous))).toEqual([true, false]);
    page('https://app.example', 'h2');
    expect(isShared('https://app.example/a', anonymous)).toBe(false);
  });

  test('not where pages have no locks, as without TLS', () => {
    page('http://intranet.example', 'http/1.1');
    const url = 'http://intranet.example/a';
    expect(isShared(url, { credentials: 'omit' })).toBe(true);
    vi.stubGlobal('navigator', {});
    expect(isShared(url, { credentials: 'omit' })).toBe(false);
    expect(engineOfStream(links, url, {})).toBeInstanceOf(RestingStream);
    expect(engineOfStream(links, url, { method: 'POST' })).toBe(links);
  });

  test('not where cookies may say who asks, unless by a name or on demand', () => {
    page('http://localhost:8000', 'http/1.1');
    const [own, other] = ['http://localhost:8000/a', 'http://127.0.0.1:9/a'];
    for (const credentials of [undefined, 'same-origin', 'include']) expect(isShared(own, { credentials })).toBe(false);
    expect(isShared('/a')).toBe(false);
    expect(isShared(own, { credentials: 'omit', native: true })).toBe(false);
    expect(isShared(other, { credentials: 'include' })).toBe(false);
    expect(isShared(other, { credentials: 'same-origin' })).toBe(true);
    for (const shared of ['user-7', true]) expect(isShared(own, { shared })).toBe(true);
  });

  test('not where a function or a body makes them differ', () => {
    page('https://app.example', 'http/1.1');
    expect(isShared('https://app.example/a', { auth: () => 't' })).toBe(false);
    expect(isShared('https://app.example/a', { method: 'POST' })).toBe(false);
  });
});
