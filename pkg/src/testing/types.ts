import type { Client, ClientOptions, Json, Registered, Schema } from 'rejoin';

/** How a client of a {@link TestNetwork} behaves: as `createClient` takes it, without what the network decides. */
export type TestClientOptions<S extends Schema = Registered> = Omit<
  ClientOptions<S>,
  'url' | 'dialect' | 'tokenIn' | 'transports' | 'shareConnection' | 'namespace'
>;

/** A client of any schema. */
export type AnyClient = Pick<Client<Schema>, 'connection' | 'sync' | 'close'>;

/**
 * Somebody in a room who is only shown: no client stands behind.
 * @example
 * const eve = network.pretend('demo', { name: 'Eve', cursor: 1 });
 * await network.settled();
 * console.log(room.presence.others.getSnapshot().some(({ connectionId }) => connectionId === eve.connectionId)); // true
 */
export interface PretendedPeer extends Disposable {
  /** As others see it in `presence.others`. */
  readonly connectionId: number;
  /** Changes what is shown; members that are not named stay. */
  update(presence: { readonly [member: string]: Json }): void;
  /** Goes. */
  leave(): void;
}

/**
 * A server in memory, and clients that know no other.
 *
 * Its rooms hold documents, presence and messages as those of a server of the y-websocket protocol that acknowledges what it took. It keeps them until it is closed.
 * Frames travel in order and in microtasks, so with faked timers they do, too, if this entry is imported before and `queueMicrotask` is left alone, which the core needs: Vitest leaves it, Jest
 * does with `jest.useFakeTimers({ doNotFake: ['queueMicrotask'] })`. Waits of the client (tries to come back, renewals, what throttles hold back) are timers, which have to be advanced then.
 * @example
 * await using network = createTestNetwork(); // closed at the end of the test
 * const { room } = network.createClient({ schema }).enterRoom('demo');
 * await network.settled();
 * network.drop(1001); // the server goes away
 * await network.settled(); // connected again
 */
export interface TestNetwork extends AsyncDisposable {
  /**
   * Makes a client, which is one user on a device of its own: what it edits is `saved` in memory. Defaults differ from `createClient` in so far as presence is sent at once, and who lost its link
   * tries again after 1 ms, and after 250 ms each time from the second in a row on, until a link was answered and has lasted for ten seconds (`backoff.resetAfter`). `backoff` changes neither the 250 ms, which are the least, nor waits
   * that a close code brings along: see {@link TestNetwork.drop}.
   * @throws SyncError `E_DISPOSED` once the network is closed.
   * @example
   * const storage = memoryStorage();
   * const client = network.createClient({ schema, persistence: storage });
   */
  createClient<S extends Schema = Registered>(options?: TestClientOptions<S>): Client<S>;
  /** Takes the network away from a client, or from all and those that are made later: links end with 1006, and attempts wait. Edits go on. */
  cut(client?: AnyClient): void;
  /** Gives it back to a client, or to all: attempts that wait get through. */
  restore(client?: AnyClient): void;
  /**
   * Ends the links of a client, or of all, with a close code of the server; they come back as the client reads that code. After 1012 that is a random wait of up to five seconds where no other
   * failure went before, after which `settled()` may have lost its patience. A reason of `'{"retry_ms":250}'` makes it 250 to 375 ms, which is the least.
   * @example
   * network.drop(1001); // the server goes away
   * await network.settled(); // connected again
   */
  drop(code: number, reason?: string, client?: AnyClient): void;
  /**
   * Shows somebody in a room to everybody there, until `leave()` or `close()`.
   * @throws SyncError `E_DISPOSED` once the network is closed.
   * @example
   * const eve = network.pretend('demo', { name: 'Eve' });
   * eve.update({ cursor: 3 });
   * eve.leave();
   */
  pretend(room: string, presence: { readonly [member: string]: Json }): PretendedPeer;
  /**
   * Resolves when nothing is on its way any more: rooms are loaded and connected, what was edited is on the server and with everybody who has a link. Rooms that are cut, disconnected
   * or refused are not waited for, nor is presence that a `presenceThrottle` of the test's own holds back.
   * @throws Error with what it waits for, after `patience` milliseconds; default 5,000.
   */
  settled(options?: { readonly patience?: number | undefined }): Promise<void>;
  /** Closes all clients and forgets all rooms. */
  close(): Promise<void>;
}
