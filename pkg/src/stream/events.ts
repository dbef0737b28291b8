import type { CoreMessage } from '../links-boundary.js';

/** An event as listeners get it. Where there is no `MessageEvent`, a plain object with the same members. */
export function messageEvent([type, data, lastEventId]: CoreMessage, origin: string): MessageEvent<string> {
  if (typeof MessageEvent === 'function') return new MessageEvent(type, { data, lastEventId, origin });
  return { type, data, lastEventId, origin } as MessageEvent<string>;
}

/** Where events of a URL come from. */
export function originOf(url: unknown): string {
  const base = typeof location === 'object' ? location.href : undefined;
  const text = String(url);
  return URL.canParse(text, base) ? new URL(text, base).origin : '';
}
