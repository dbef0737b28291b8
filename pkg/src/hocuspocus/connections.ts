import { type SocketConstructor, socketConstructor } from '../shared/socket-constructor.js';
import { addressOf } from './address.js';
import { Connection } from './connection.js';

/** The connections of a page to Hocuspocus servers: one for all documents of a server, where that can be. */
export class Connections {
  /** Used like `WebSocket`. */
  readonly Socket: SocketConstructor = socketConstructor((url) => this.#open(url));
  /** By URL. */
  readonly #connections = new Map<string, Set<Connection>>();
  readonly #onStateless: (document: string, text: string) => void;

  constructor(onStateless: (document: string, text: string) => void) {
    this.#onStateless = onStateless;
  }

  /** Sends a text that is no part of the document to each server that has let it in; `false` if there is none. */
  sendStateless(document: string, text: string): boolean {
    const all = [...this.#connections.values()].flatMap((connections) => [...connections]);
    return all.filter((connection) => connection.seatOf(document)?.sendStateless(text)).length > 0;
  }

  #open(completed: string): object {
    const { url, document, showsToken } = addressOf(completed);
    const known = [...(this.#connections.get(url) ?? [])];
    const connection = known.find((other) => other.admits(document)) ?? this.#connect(url);
    return connection.seat(document, showsToken);
  }

  #connect(url: string): Connection {
    const connections = this.#connections.get(url) ?? new Set();
    const connection: Connection = new Connection(new WebSocket(url), {
      onEnd: () => {
        connections.delete(connection);
        if (connections.size === 0 && this.#connections.get(url) === connections) this.#connections.delete(url);
      },
      onStateless: this.#onStateless,
    });
    this.#connections.set(url, connections.add(connection));
    return connection;
  }
}
