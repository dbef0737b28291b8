import { get, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { listen } from '../../src/cli/stream/listen.js';
import { http } from './support/servers.js';

const type = { 'content-type': 'text/event-stream' };

test('bytes that came in time are heard, also by a machine that was busy when they came', async () => {
  const url = await http((_asked, response) => {
    response.writeHead(200, type).flushHeaders();
    setTimeout(() => response.write('data: 1\n\n'), 100);
  });
  const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve));
  const listening = listen(response, 200);
  // Busy until both the bytes and the end of the time are due.
  setTimeout(() => {
    const until = performance.now() + 400;
    while (performance.now() < until);
  }, 20);
  const { parser, reads, end } = await listening;
  expect([reads.length, parser.events.length, end]).toEqual([1, 1, 'open']);
  response.destroy();
});
