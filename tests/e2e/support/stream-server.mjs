// An HTTP server for streams that tests stop and start again at the same place.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root } from '../../../scripts/env.mjs';

const folder = join(root, 'tests', 'fixtures', 'streams');

/** What recorded answers say, and the file and format of each. */
export const recorded = JSON.parse(readFileSync(join(folder, 'recorded.json'), 'utf8'));

/** The bytes of a recorded answer. */
export const recording = (file) => readFileSync(join(folder, file));

/** Headers of a stream of events. */
export const sse = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };

/** Starts a server that answers `serve(request, response, attempt)`; pages of every origin may read it. */
export async function streamServer(t, serve) {
  const server = new StreamServer(serve);
  await server.start(0);
  t.after(() => server.stop());
  return server;
}

class StreamServer {
  /** Every request but preflights: method, path, headers, body. */
  requests = [];
  serve;
  #open = new Set();

  constructor(serve) {
    this.serve = serve;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How many answers are not finished. */
  get open() {
    return this.#open.size;
  }

  async start(port = this.port) {
    this.http = createServer((request, response) => this.#answer(request, response));
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
  }

  /** Cuts every answer and listens no more. */
  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  async #answer(request, response) {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-headers', 'authorization, content-type, last-event-id, x-version');
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT');
    response.setHeader('access-control-expose-headers', 'retry-after');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    const attempt = this.requests.length;
    const { method, url, headers } = request;
    const entry = { method, url, headers, lastEventId: headers['last-event-id'] ?? null, body: '' };
    this.requests.push(entry);
    for await (const piece of request) entry.body += piece;
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    return this.serve(request, response, attempt);
  }
}

/** Ends an answer as a broken network does. */
export function cut(response) {
  response.socket?.destroy();
}

/** Writes, and waits while the reader is slow. */
export async function write(response, bytes) {
  if (response.write(bytes)) return;
  await new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

/** A pause in milliseconds. */
export const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Replays bytes in pieces of `size`, with a pause of `sleep` milliseconds after each; `cutAt` breaks the connection after so
 * many bytes, `stallAt` says nothing more from there.
 */
export async function replay(response, bytes, { size = 64, sleep = 0, cutAt = null, stallAt = null } = {}) {
  const end = cutAt ?? stallAt ?? bytes.length;
  for (let at = 0; at < end; at += size) {
    response.write(bytes.subarray(at, Math.min(at + size, end)));
    await pause(sleep);
  }
  if (stallAt !== null) return;
  // What has been written is on its way before the cut.
  if (cutAt !== null) await pause(50).then(() => cut(response));
  else response.end();
}

/** Numbered events from the one after `Last-Event-ID`: `count` of them, then the answer stays open. */
export function numbered(request, response, count, first = Number(request.headers['last-event-id'] ?? 0) + 1) {
  response.writeHead(200, sse);
  for (let number = first; number < first + count; number++) response.write(`id: ${number}\ndata: ${number}\n\n`);
}

/** Resolves to a growing number once it has not grown for half a second. */
export async function standsStill(number) {
  for (let before = -1; ; await pause(500)) {
    const now = number();
    if (now === before) return now;
    before = now;
  }
}
