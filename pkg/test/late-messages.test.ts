import { expect, test, vi } from 'vitest';
import type * as LoadPart from '../src/load-part.js';
import { fakeClient, schema, turn } from './support/client.js';

/** As where the file of messages cannot be fetched. */
vi.mock('../src/load-part.js', async (original) => {
  const real = await original<typeof LoadPart>();
  const down = Promise.reject(new Error('the network is down'));
  down.catch(() => {});
  const loadPart: typeof LoadPart.loadPart = (name, part) => real.loadPart(name, name === 'messages' ? down : part);
  return { loadPart };
});

test('more messages than are kept until their code is there are told once, and sends are rejected', async () => {
  const { client, world } = fakeClient({ schema });
  const { room } = client.enterRoom('demo');
  await room.ready;
  const codes: string[] = [];
  client.on('error', ({ code }) => codes.push(code));
  for (let n = 0; n < 10_002; n++) {
    world.core.tell(0, { type: 'messages', what: 'sent', id: `m${n}`, seq: n });
  }
  await turn();
  expect(codes.filter((code) => code === 'E_BUFFER_FULL')).toEqual(['E_BUFFER_FULL']);
  await expect(room.messages.send('x' as never)).rejects.toMatchObject({ code: 'E_WASM_LOAD' });
});
