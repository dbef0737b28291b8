import { defineSchema } from 'rejoin';
import { expect, test, vi } from 'vitest';
import { createTestNetwork } from '../../src/testing.js';

test('many rooms of a client, whose sockets are events’ targets of Node, leave nothing that Node warns of', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  await using network = createTestNetwork();
  const client = network.createClient({ schema: defineSchema({ doc: {} }) });
  for (let room = 0; room < 6; room++) client.enterRoom(`room ${room}`);
  await network.settled();
  // Warnings are told in a turn of their own.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});
