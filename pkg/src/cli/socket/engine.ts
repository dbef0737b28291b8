import { excerpt } from '../report.js';
import { ask, NoAnswer } from '../request.js';
import type { Door } from './door.js';
import { open, readRefusal, type Way } from './link.js';
import { engineIo, parseJson, type Spoken, uses } from './recognise.js';

/** Others may leave a question at this path open; milliseconds. */
const pollingLimit = 2000;
/** Milliseconds. */
const namespaceLimit = 3000;

/** Whether a Socket.IO server is behind an address: its long polling says so without disturbing others. */
export async function speaksEngine(from: URL, headers: Way['headers'], timeout: number): Promise<boolean> {
  const url = engineUrl(from, 'polling');
  if (!url) return false;
  try {
    const { response, end } = await ask({ url, headers, timeout: Math.min(timeout, pollingLimit) });
    const { body } = await readRefusal(response);
    end();
    // The second where only WebSockets are allowed.
    return engineIo(body) !== null || /^\{"code":\d,"message":"/.test(body);
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

/** A socket to the Socket.IO server behind an address; null if there is none. */
export async function findEngine(way: Way): Promise<Door | null> {
  const url = engineUrl(way.url, 'websocket');
  if (!url || !(await speaksEngine(way.url, way.headers, way.timeout))) return null;
  const at = { ...way, url, protocols: [] };
  const opening = await open(at);
  if (opening.kind !== 'open') return null;
  const { link, ms } = opening;
  const first = await link.next(0, way.timeout);
  if (typeof first === 'string' && engineIo(first)) return { link, way: at, ms };
  await link.close(0);
  return null;
}

/** Whether an address says by itself that a Socket.IO server is there. */
export function namesEngine({ pathname }: URL): boolean {
  return /\/(socket|engine)\.io\/?$/.test(pathname);
}

/** `/socket.io/?EIO=4&transport=…`, unless the address is another server's. */
function engineUrl(from: URL, transport: string): URL | null {
  const url = new URL(from);
  if (!namesEngine(url)) {
    if (url.pathname !== '/') return null;
    url.pathname = '/socket.io/';
  }
  url.searchParams.set('EIO', '4');
  url.searchParams.set('transport', transport);
  return url;
}

/** Enters the main namespace: whether Socket.IO is spoken on top, and whether it takes the login. */
export async function enterNamespace({ link, way }: Door, token: string | null): Promise<Spoken | null> {
  const hello = link.frames[0];
  const spoken = typeof hello === 'string' ? engineIo(hello) : null;
  if (!spoken) return null;
  const seen = link.frames.length;
  link.send(token === null ? '40' : `40${JSON.stringify({ token })}`);
  const isAnswer = (frame: unknown) => typeof frame === 'string' && /^4[04]/.test(frame);
  const answer = await link.next(seen, Math.min(way.timeout, namespaceLimit), isAnswer);
  if (typeof answer !== 'string') {
    const detail = `${spoken.detail}; the namespace "/" does not answer: plain Engine.IO, or another namespace`;
    return { name: 'Engine.IO', detail, use: uses.plain };
  }
  if (answer.startsWith('40')) return { ...spoken, login: 'accepted' };
  const { message } = (parseJson(answer.slice(2)) ?? {}) as { message?: unknown };
  return { ...spoken, detail: `${spoken.detail}; connect_error: ${excerpt(String(message))}`, login: 'refused' };
}
