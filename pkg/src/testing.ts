/**
 * For an app's own tests: clients on the real core, linked with each other through a server in memory. Nothing leaves the process.
 *
 * @example
 * ```ts
 * import { createTestNetwork } from 'rejoin/testing';
 *
 * const network = createTestNetwork();
 * const ann = network.createClient({ schema }).enterRoom('demo').room;
 * const ben = network.createClient({ schema }).enterRoom('demo').room;
 * await network.settled();
 * ann.root.get('note').insert(0, 'hello');
 * await network.settled();
 * console.log(ben.doc.getSnapshot()?.note); // hello
 * await network.close();
 * ```
 * @packageDocumentation
 */

import { MemoryNetwork } from './testing/network.js';
import type { TestNetwork } from './testing/types.js';

export { memoryStorage } from './testing/storage.js';
export type { AnyClient, PretendedPeer, TestClientOptions, TestNetwork } from './testing/types.js';

/**
 * Makes a network with a server in memory, whose rooms are empty. Importing this, and making one, loads nothing; the core is loaded with the first room.
 * @example
 * const network = createTestNetwork();
 * const client = network.createClient({ schema });
 * const { room } = client.enterRoom('demo');
 * await network.settled();
 * network.cut(client); // offline
 * room.root.get('note').insert(0, 'later');
 * network.restore(client);
 * await network.settled(); // on the server
 * await network.close();
 */
export function createTestNetwork(): TestNetwork {
  return new MemoryNetwork();
}
