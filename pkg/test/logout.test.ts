import { afterEach, expect, test, vi } from 'vitest';
import { RecordKeeper } from '../src/stream/record.js';
import { fakeClient, schema } from './support/client.js';
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
