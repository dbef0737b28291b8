import { type SocketConstructor, socketConstructor } from '../shared/socket-constructor.js';
import { Listeners } from '../store.js';
import { EngineConnection } from './connection.js';
import { sharedPlace } from './options.js';

/** The connections of a page to Socket.IO servers: one for all namespaces of a server, where that can be. */
export class EngineConnections {
  /** Used like `WebSocket`; what no session asks for is one. */
  readonly Socket: SocketConstructor = socketConstructor((url, protocols) => this.#open(url, protocols));
  /** By URL. */
  readonly #connections = new Map<string, Set<EngineConnection>>();

  readonly #openings = new Listeners<[string]>();

  /** Calls `listener` with the URL, without the namespace, of each connection that a server has opened. */
  onOpening(listener: (url: string) => void): () => void {
    return this.#openings.add(listener);
  }

  #open(url: string, protocols: readonly string[]): object {
    const place = sharedPlace(url);
    return place ? this.#seat(place.url, place.namespace) : new WebSocket(url, [...protocols]);
  }

  #seat(url: string, namespace: string): object {
    const known = [...(this.#connections.get(url) ?? [])];
    const connection = known.find((other) => other.admits(namespace)) ?? this.#connect(url);
    return connection.seat(namespace);
  }

  #connect(url: string): EngineConnection {
    const connections = this.#connections.get(url) ?? new Set();
    const connection: EngineConnection = new EngineConnection(new WebSocket(url), {
      onOpening: () => this.#openings.emit(url),
      onEnd: () => {
        connections.delete(connection);
        if (connections.size === 0 && this.#connections.get(url) === connections) this.#connections.delete(url);
      },
    });
    this.#connections.set(url, connections.add(connection));
    return connection;
  }
}
