// Loaded before `partykit dev`, which would listen on all addresses: it listens on 127.0.0.1.
import { register } from 'node:module';

const hooks = `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith('/partykit/dist/bin.mjs')) return loaded;
  return { ...loaded, source: String(loaded.source).replace('host: "0.0.0.0"', 'host: "127.0.0.1"') };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
