import type { ClientOptions } from '../options.js';
import type { Schema } from '../schema.js';
import { ledByWorker } from './elder.js';
import { type OpenSocket, SharedSockets } from './sockets.js';
import type { RealSocket } from './trunk.js';

type Options<S extends Schema> = Pick<ClientOptions<S>, 'namespace' | 'shareConnection' | 'dialect'>;

/** The sockets that all tabs of a client's namespace and dialect share, led by a worker where there is one. */
export function sharedSockets<S extends Schema>({
  namespace = '',
  shareConnection: how,
  dialect,
}: Options<S>): SharedSockets {
  // No namespace has a slash. Who leads opens the sockets of all, so it has to speak what they do.
  const name = dialect ? `${dialect.name}/${namespace}` : namespace;
  const open: OpenSocket | undefined =
    dialect && ((url, protocols) => new dialect['~Socket'](url, protocols) as RealSocket);
  const worker = typeof how === 'object' ? how.worker : null;
  return worker ? new SharedSockets(name, open, ledByWorker(worker, name)) : new SharedSockets(name, open);
}
