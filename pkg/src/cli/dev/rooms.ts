import { randomInt } from 'node:crypto';
import type { Client, createClient as CreateClient, defineSchema as DefineSchema, Schema } from 'rejoin';
import { Post } from '../../testing/post.js';
import { ServerRoom } from '../../testing/server-room.js';
import { fileLogs } from './file-logs.js';

/** What is used of the main entry, which is loaded with the first server. */
export interface Package {
  readonly createClient: typeof CreateClient;
  readonly defineSchema: typeof DefineSchema;
}

/** All rooms of a server: documents of one core, made when somebody comes, and kept until the server ends. */
export class DevRooms {
  readonly #client: Client<Schema>;
  readonly #post = new Post();
  readonly #rooms = new Map<string, Promise<ServerRoom>>();
  /** Messages are in memory: after a restart their numbers begin anew. */
  readonly #epoch = randomInt(2, 2 ** 31);
  readonly #isKept: boolean;

  /** `data`: the folder of the logs; without it everything is in memory. */
  constructor({ createClient, defineSchema }: Package, data: string | null, onError: (words: string) => void) {
    this.#isKept = data !== null;
    const persistence = data === null ? 'memory' : fileLogs(data, onError);
    this.#client = createClient({ url: null, schema: defineSchema({ doc: {} }), persistence });
    this.#client.on('error', ({ code, room, message }) => {
      // The version is the apps' business.
      if (code !== 'E_VERSION') onError(room === undefined ? message : `${room}: ${message}`);
    });
  }

  /** Rejects where what is kept of it cannot be read. */
  enter(name: string): Promise<ServerRoom> {
    const known = this.#rooms.get(name) ?? this.#open(name);
    this.#rooms.set(name, known);
    // Who comes next tries again.
    known.catch(() => this.#rooms.delete(name));
    return known;
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#post.close();
    await this.#client.close();
  }

  async #open(name: string): Promise<ServerRoom> {
    const lease = this.#client.enterRoom(name);
    try {
      await lease.room.ready;
      // The core goes on in memory: what is edited there would be lost, and what is kept would look lost.
      if (this.#isKept && lease.room.sync.getSnapshot().local === 'unavailable')
        throw new Error(`what is kept of ${name} cannot be read`);
    } catch (error) {
      lease.leave();
      throw error;
    }
    return new ServerRoom(lease.room as never, this.#post, this.#epoch);
  }
}
