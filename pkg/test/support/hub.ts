import { vi } from 'vitest';
import * as Y from 'yjs';
import type { Client } from '../../src/client.js';
import type { SyncError } from '../../src/errors.js';
import type { Room } from '../../src/room.js';
import type { Schema } from '../../src/schema.js';
import { fakeClient } from './client.js';
import type { FakeCore } from './fake-core.js';
import { random } from './random.js';

interface Member {
  readonly client: Client<Schema>;
  readonly core: FakeCore;
  readonly doc: Y.Doc;
  readonly up: Uint8Array[];
  /** What the server says, in its order: an update, or that one of ours has come. */
  readonly down: (Uint8Array | 'ack')[];
  room: unknown;
  pending: number;
  online: boolean;
}

/** A server and its clients, all doubles: every link keeps its order, between links a seed decides. */
export class Hub {
  readonly #server = new Y.Doc();
  readonly #members: Member[] = [];
  readonly #random: ReturnType<typeof random>;

  constructor(document?: Uint8Array, seed = 1) {
    this.#random = random(seed);
    if (document) Y.applyUpdate(this.#server, document);
  }

  /** A client with the server's document on its disk, told that it is synchronized once the hub settles. */
  async join<S extends Schema>(schema: S, { online = true } = {}): Promise<{ room: Room<S>; errors: SyncError[] }> {
    const { client, world } = fakeClient({ schema });
    world.disk.set('demo', Y.encodeStateAsUpdate(this.#server));
    const errors: SyncError[] = [];
    client.on('error', (error) => errors.push(error));
    const { room } = client.enterRoom('demo');
    await room.ready;
    const doc = world.core.rooms.get(0)?.doc as Y.Doc;
    const member: Member = {
      client: client as unknown as Client<Schema>,
      core: world.core,
      doc,
      up: [],
      down: [],
      room,
      pending: 0,
      online,
    };
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'remote') return;
      member.up.push(update);
      member.pending++;
      this.#tell(member);
    });
    this.#members.push(member);
    if (online) this.#tell(member);
    return { room: room as unknown as Room<S>, errors };
  }

  /** A client that was offline is synchronized once what it wrote has come. */
  connect(room: unknown): void {
    for (const member of this.#members) {
      if (member.room !== room) continue;
      member.online = true;
      this.#tell(member);
    }
  }

  /** Delivers everything, in an order of the seed's, until nothing comes any more within `time` milliseconds. */
  async settle(time = 20_000): Promise<void> {
    for (let waited = 0; waited <= time; ) {
      await vi.advanceTimersByTimeAsync(0);
      const ways = this.#members.filter(({ online }) => online).flatMap((member) => this.#ways(member));
      if (ways.length > 0) this.#random.pick(ways)();
      else {
        await vi.advanceTimersByTimeAsync(100);
        waited += 100;
      }
    }
  }

  /** The map of versions on the server. */
  versions(): unknown {
    return this.#server.getMap('~schema').toJSON();
  }

  /** How batches were begun: without a name they are not undone. */
  batches(): Set<string> {
    const calls = this.#members.flatMap(({ core }) => core.world.calls);
    return new Set(calls.filter((call) => call.startsWith('beginBatch')));
  }

  /** A list on the server. */
  text(name: string): unknown {
    return this.#server.getArray(name).toJSON();
  }

  #ways(member: Member): (() => void)[] {
    const ways = [];
    if (member.up.length > 0) ways.push(() => this.#receive(member, member.up.shift() as Uint8Array));
    if (member.down.length > 0) ways.push(() => this.#deliver(member, member.down.shift() as Uint8Array | 'ack'));
    return ways;
  }

  #receive(from: Member, update: Uint8Array): void {
    Y.applyUpdate(this.#server, update);
    for (const member of this.#members) member.down.push(member === from ? 'ack' : update);
  }

  #deliver(member: Member, message: Uint8Array | 'ack'): void {
    if (message === 'ack') {
      member.pending--;
      this.#tell(member);
    } else {
      Y.applyUpdate(member.doc, message, 'remote');
      member.core.wake();
    }
  }

  #tell(member: Member): void {
    const { pending, online } = member;
    const status = pending === 0 && online ? 'synchronized' : 'synchronizing';
    member.core.tell(0, {
      type: 'sync',
      status,
      local: 'saved',
      pending,
      held: 0,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
  }
}
