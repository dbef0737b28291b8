import { expect, test } from 'vitest';
import { coreSocketOptions } from '../src/socket/options.js';

test('the options of partysocket mean here what they mean there', () => {
  const options = coreSocketOptions('wss://a.example', {
    minReconnectionDelay: 1_000,
    maxReconnectionDelay: 9_000,
    reconnectionDelayGrowFactor: 1.3,
    minUptime: 5_000,
    connectionTimeout: 4_000,
    maxRetries: 3,
    maxEnqueuedMessages: 7,
  });
  expect(options).toMatchObject({
    initialDelay: 1_000,
    maxDelay: 9_000,
    factor: 1.3,
    resetAfter: 5_000,
    connectTimeout: 4_000,
    maxAttempts: 3,
    buffer: true,
    bufferMessages: 7,
  });
  expect(coreSocketOptions('wss://a.example', { maxRetries: Infinity })).not.toHaveProperty('maxAttempts');
  expect(coreSocketOptions('wss://a.example', { maxEnqueuedMessages: 0 })).toMatchObject({ buffer: false });
});

test('without a limit of theirs as much waits as the module can count', () => {
  const most = 2 ** 32 - 1;
  const options = coreSocketOptions('wss://a.example', { maxEnqueuedMessages: Infinity });
  expect(options).toMatchObject({ buffer: true, bufferMessages: most, bufferBytes: most });
});

test('what would else be read as nothing is refused', () => {
  const refused = [['chat'], 'chat', { heartbeat: 25_000 }, { auth: () => 'token', tokenIn: 'query' }];
  for (const options of refused) {
    const make = () => coreSocketOptions('wss://a.example', options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  }
});

test('our own names win over theirs', () => {
  const options = { connectTimeout: 1, connectionTimeout: 2, backoff: { maxDelay: 3 }, maxReconnectionDelay: 4 };
  expect(coreSocketOptions('wss://a.example', options)).toMatchObject({ connectTimeout: 1, maxDelay: 3 });
});

test('close codes are a name, which the core knows, or a table, which it asks for', () => {
  const named = coreSocketOptions('wss://a.example', { closeCodes: 'pusher' });
  expect(named).toMatchObject({ preset: 'pusher', asksOnClose: false });
  const table = coreSocketOptions('wss://a.example', { closeCodes: { 4100: 'refresh' } });
  expect(table).toMatchObject({ asksOnClose: true });
  expect(table).not.toHaveProperty('preset');
});
