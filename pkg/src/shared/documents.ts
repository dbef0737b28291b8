import type { ShareConnection } from '../options.js';
import { ledByWorker } from './elder.js';
import { SharedSockets } from './sockets.js';

/** The sockets that all tabs with this name share, led by a worker where there is one. */
export function sharedSockets(name: string, how: boolean | ShareConnection | undefined): SharedSockets {
  const worker = typeof how === 'object' ? how.worker : null;
  return worker ? new SharedSockets(name, undefined, ledByWorker(worker, name)) : new SharedSockets(name);
}
