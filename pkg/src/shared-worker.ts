/**
 * The script of a SharedWorker that holds the connections of all tabs: import it in a worker file of your own, and give
 * `createClient({ shareConnection: { worker } })` what opens that.
 *
 * @example
 * ```ts
 * // realtime-worker.ts
 * import 'rejoin/shared-worker';
 * ```
 * @packageDocumentation
 */
import type { Answer, Call } from './shared/elder.js';
import { SharedSockets } from './shared/sockets.js';

const all = new Map<string, SharedSockets>();

function serve(port: MessagePort): void {
  port.onmessage = async ({ data }: MessageEvent<Call>) => {
    if (typeof data?.lead !== 'string') return;
    await socketsOf(data.lead).join().asked;
    port.postMessage({ stands: data.lead } satisfies Answer);
  };
}

function socketsOf(name: string): SharedSockets {
  const known = all.get(name) ?? new SharedSockets(name);
  all.set(name, known);
  return known;
}

// A module's import elsewhere, as in a test or on a server, does nothing.
if (typeof globalThis === 'object' && 'onconnect' in globalThis) {
  globalThis.addEventListener('connect', (event) => {
    for (const port of (event as MessageEvent).ports) serve(port);
  });
}
