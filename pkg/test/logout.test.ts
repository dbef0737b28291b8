import { afterEach, describe, expect, test, vi } from 'vitest';
import { RecordKeeper } from '../src/stream/record.js';
import { fakeClient, schema, turn } from './support/client.js';
import { storage } from './support/storage.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a logout deletes the text of answers that would go on after a reload, and nothing of the app', async () => {
  vi.stubGlobal('sessionStorage', storage());
  sessionStorage.setItem('of the app', 'kept');
  const position = { text: 'for no other eyes', lastEventId: '', behind: 0, events: 0, opened: true, marks: [] };
  const keeper = new RecordKeeper('answer', true, () => position);
  keeper.note();
  keeper.flush();
  expect(keeper.load()).toEqual(position);
  const { client } = fakeClient({ schema });
  await client.clearData('a room');
  expect(keeper.load()).toEqual(position);
  await client.clearData();
  expect([keeper.load(), Object.keys(sessionStorage)]).toEqual([null, ['of the app']]);
});

describe('the token of the user before', () => {
  const lasts = { token: 'of ann', expiresAt: Date.now() + 3_600_000 };

  /** A client whose room has been given a token that lasts. */
  async function loggedIn(auth: (() => Promise<object>) | ((context: object) => Promise<object>)) {
    const { client, world } = fakeClient({ schema, auth: auth as never, leaveGrace: 0 });
    const ask = async () => {
      const number = [...world.core.rooms.keys()].at(-1) as number;
      world.core.tell(number, { type: 'endpoint', request: 1, attempt: 0, reason: 'initial' });
      await turn();
    };
    const { room, leave } = client.enterRoom('demo');
    await room.ready;
    await ask();
    return { client, room, leave, ask };
  }

  test('is forgotten by clearData() and disconnect(), and by no other call', async () => {
    const auth = vi.fn(async () => lasts);
    const { client, room, leave, ask } = await loggedIn(auth);
    await client.clearData('another room');
    await ask();
    expect(auth).toHaveBeenCalledTimes(1);
    room.disconnect();
    room.connect();
    await ask();
    expect(auth).toHaveBeenCalledTimes(2);
    leave();
    await turn();
    client.connect();
    const again = client.enterRoom('demo');
    await again.room.ready;
    await ask();
    expect(auth, 'who leaves a room stays who he is').toHaveBeenCalledTimes(2);
    client.disconnect();
    await ask();
    expect(auth).toHaveBeenCalledTimes(3);
    await client.clearData();
    await client.enterRoom('demo').room.ready;
    await ask();
    expect(auth).toHaveBeenCalledTimes(4);
  });

  test('is forgotten where each room has its own, also by a room that an app holds', async () => {
    const auth = vi.fn(async (_room: object) => lasts);
    const { client, room, ask } = await loggedIn(auth);
    await ask();
    expect(auth).toHaveBeenCalledTimes(1);
    await client.clearData();
    (client as unknown as { '~enter'(again: typeof room): unknown })['~enter'](room);
    await room.ready;
    await ask();
    expect(auth).toHaveBeenCalledTimes(2);
    client.disconnect();
    await ask();
    expect(auth).toHaveBeenCalledTimes(3);
  });
});
