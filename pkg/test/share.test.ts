import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LinksEngine } from '../src/links.js';
import { cameOverHttp1 } from '../src/share.js';
import { engineOfStream } from '../src/shared/links.js';

afterEach(() => vi.unstubAllGlobals());

/** A page at this origin that came by this protocol. */
function page(origin: string, nextHopProtocol: string): void {
  const { protocol } = new URL(origin);
  vi.stubGlobal('location', { origin, protocol, href: `${origin}/` });
  vi.stubGlobal('performance', { getEntriesByType: () => [{ nextHopProtocol }] });
}

const links = {} as LinksEngine;
const isShared = (url: string, options = {}): boolean =>
  cameOverHttp1() && engineOfStream(links, url, options) !== links;

describe('streams of events are shared by the tabs', () => {
  test('where a browser has six connections: over http, and at home if the page came over HTTP/1.1', () => {
    page('http://localhost:8000', 'http/1.1');
    expect([isShared('http://localhost:8000/a'), isShared('http://127.0.0.1:9/a')]).toEqual([true, true]);
    page('https://app.example', 'http/1.1');
    expect([isShared('https://app.example/a'), isShared('https://other.example/a')]).toEqual([true, false]);
    page('https://app.example', 'h2');
    expect(isShared('https://app.example/a')).toBe(false);
  });

  test('not where a function or a body makes them differ', () => {
    page('https://app.example', 'http/1.1');
    expect(isShared('https://app.example/a', { auth: () => 't' })).toBe(false);
    expect(isShared('https://app.example/a', { method: 'POST' })).toBe(false);
  });
});
