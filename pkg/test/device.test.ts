import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeClient, schema, turn } from './support/client.js';

const told = { status: 'synchronizing', pending: 1, held: 0, peers: { synced: 0, of: 0 }, obstacle: null } as const;

function storage(persists = true) {
  let persisted = false;
  return {
    persisted: vi.fn(async () => persisted),
    persist: vi.fn(async () => {
      persisted = persists;
      return persisted;
    }),
    estimate: vi.fn(async () => ({ usage: 5, quota: 100 })),
  };
}

async function enter(navigator: object, options: object = {}) {
  vi.stubGlobal('navigator', navigator);
  const { client, world } = fakeClient({ schema, persistence: 'indexeddb', ...options });
  const { room } = client.enterRoom('demo');
  await room.ready;
  await turn();
  const save = async (pending = 1): Promise<void> => {
    world.core.tell(0, { type: 'sync', ...told, pending, local: 'saving' });
    await turn();
    world.core.tell(0, { type: 'sync', ...told, pending, local: 'saved' });
    await turn();
    await turn();
  };
  return { client, world, save };
}

beforeEach(() => {
  vi.stubGlobal('navigator', {});
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('the browser is asked to keep the data once, after an edit of an engaged user was saved, and its answer is told', async () => {
  const [store, userActivation] = [storage(), { hasBeenActive: false }];
  const { client, save } = await enter({ storage: store, userActivation });
  expect(client.device.getSnapshot()).toEqual({ persisted: false, usage: 5, quota: 100, unsent: [] });
  await save();
  expect(store.persist).toHaveBeenCalledTimes(0);
  userActivation.hasBeenActive = true;
  const editsOfOthers = 0;
  await save(editsOfOthers);
  expect(store.persist).toHaveBeenCalledTimes(0);
  await save();
  await save();
  expect(store.persist).toHaveBeenCalledTimes(1);
  expect(client.device.getSnapshot().persisted).toBe(true);
});

test('it is not asked without need, without storage, or where the app does not want it', async () => {
  const kept = storage();
  await kept.persist();
  kept.persist.mockClear();
  await (await enter({ storage: kept })).save();
  const unwanted = storage();
  await (await enter({ storage: unwanted }, { askToPersist: false })).save();
  const inMemory = storage();
  await (await enter({ storage: inMemory }, { persistence: 'memory' })).save();
  expect([kept.persist, unwanted.persist, inMemory.persist].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  const { client, save } = await enter({});
  await save();
  expect(client.device.getSnapshot()).toEqual({ persisted: null, usage: null, quota: null, unsent: [] });
});

test('it is looked at again when space runs out, and a browser that refuses to say breaks nothing', async () => {
  const store = storage();
  const { client, world } = await enter({ storage: store });
  store.estimate.mockResolvedValue({ usage: 99, quota: 100 });
  store.persisted.mockRejectedValue(new Error('no'));
  world.core.tell(0, { type: 'error', code: 'E_QUOTA', message: 'full', retryable: true });
  await turn();
  await turn();
  expect(client.device.getSnapshot()).toEqual({ persisted: null, usage: 99, quota: 100, unsent: [] });
});
