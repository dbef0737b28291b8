/** What the core adds to the URL of whoever shows a token (`TokenPlace::Message` in `src/connection/manner.rs`). */
const TOKEN_COMES = '?auth=message';

/** Where a room is: one server holds many documents, and its URL names none. */
export interface Address {
  /** The server's. */
  readonly url: string;
  readonly document: string;
  /** Whether the core shows a token as its first word. */
  readonly showsToken: boolean;
}

/**
 * The server's URL with an empty fragment, behind which the core puts the room's name, as it puts it behind a path: so the two can be told
 * apart again, and who asks over HTTP asks the server's own address. A query goes behind the name, which is where the core looks for it.
 */
export function baseOf(url: string): string {
  const [whole = ''] = url.split('#');
  const [path = '', query] = split(whole, '?');
  const base = `${path.replace(/^http/i, 'ws')}#`;
  return query === undefined ? base : `${base}?${query}`;
}

/** Reads what the core has made of {@link baseOf}. */
export function addressOf(completed: string): Address {
  const [server = '', fragment = ''] = split(completed, '#');
  const [path = '', query] = split(fragment, '?');
  const showsToken = server.endsWith(TOKEN_COMES);
  const url = showsToken ? server.slice(0, -TOKEN_COMES.length) : server;
  return {
    url: query === undefined ? url : `${url}?${query}`,
    document: decodeURIComponent(path.replace(/^\//, '')),
    showsToken,
  };
}

function split(text: string, mark: string): readonly (string | undefined)[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
