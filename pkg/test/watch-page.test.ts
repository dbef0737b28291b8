import { afterEach, expect, test, vi } from 'vitest';
import type * as LoadPart from '../src/load-part.js';
import { fakeClient, schema, turn } from './support/client.js';

const network = vi.hoisted(() => ({ down: true }));
/** As where the file of the documents cannot be fetched. */
vi.mock('../src/load-part.js', async (original) => {
  const real = await original<typeof LoadPart>();
  const loadPart: typeof LoadPart.loadPart = (name, part) =>
    real.loadPart(name, network.down ? Promise.reject(new Error('the network is down')) : part);
  return { loadPart };
});
afterEach(() => vi.unstubAllGlobals());

const lost = {
  status: 'reconnecting',
  transport: null,
  attempt: 1,
  nextRetryAt: null,
  reason: null,
  rtt: null,
} as const;

test('a client whose code came only with a later room watches the page all the same, once', async () => {
  const page = new EventTarget();
  const added = vi.fn(page.addEventListener.bind(page));
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', added);
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  const { client, world } = fakeClient({
    schema,
    leaveGrace: 0,
    lostConnectionTimeout: 1,
    preventUnsavedChanges: true,
  });
  const told = vi.fn();
  client.on('lostConnection', told);
  const first = client.enterRoom('demo');
  await expect(first.room.ready).rejects.toMatchObject({ code: 'E_WASM_LOAD' });
  network.down = false;
  const rooms = [client.enterRoom('demo').room, client.enterRoom('other').room];
  await Promise.all(rooms.map(({ ready }) => ready));
  world.core.tell(0, { type: 'connection', ...lost, error: null });
  await vi.waitFor(() => expect(told.mock.calls).toEqual([['lost']]));
  const peers = { synced: 0, of: 0 };
  world.core.tell(0, {
    type: 'sync',
    status: 'synchronizing',
    local: 'saving',
    pending: 1,
    held: 0,
    peers,
    obstacle: null,
  });
  await turn();
  expect(added.mock.calls.filter(([type]) => type === 'beforeunload')).toHaveLength(1);
  await client.close();
});
