import { describe, expect, test, vi } from 'vitest';
import { encryptedWith } from '../src/encryption.js';
import type { SyncError } from '../src/errors.js';
import { vaultOf } from '../src/guard/vault.js';
import { fakeClient, schema } from './support/client.js';

const keyOf = (fill: number): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new Uint8Array(32).fill(fill), 'AES-GCM', false, ['encrypt', 'decrypt']);
const record = new TextEncoder().encode('what nobody else may read');

async function vault(fill: number) {
  const report = vi.fn<(error: SyncError) => void>();
  return { pass: vaultOf(encryptedWith(await keyOf(fill)), report), report };
}

describe('what is sealed', () => {
  test('shows nothing, differs each time, and opens with its key', async () => {
    const { pass, report } = await vault(1);
    const [first, second] = await pass('rejoin//demo', false, [record, record]);
    expect(first).not.toEqual(second);
    expect(new TextDecoder().decode(first)).not.toContain('nobody');
    expect(await pass('rejoin//demo', true, [first as Uint8Array, second as Uint8Array])).toEqual([record, record]);
    expect(report).not.toHaveBeenCalled();
  });

  test('does not open with another key, which is told once with the room', async () => {
    const sealed = await (await vault(1)).pass('rejoin//demo', false, [record, record]);
    const { pass, report } = await vault(2);
    await expect(pass('rejoin/me/a/b', true, sealed)).rejects.toThrow('another key');
    expect(report.mock.calls.map(([{ code, room, retryable }]) => [code, room, retryable])).toEqual([
      ['E_KEY', 'a/b', false],
    ]);
  });

  test('comes back empty where it was damaged, wherever that is behind the mark of the key', async () => {
    const { pass } = await vault(1);
    const [sealed] = await pass('rejoin//demo', false, [record]);
    for (let at = 12; at < (sealed?.length ?? 0); at++) {
      const damaged = Uint8Array.from(sealed as Uint8Array);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(await pass('rejoin//demo', true, [damaged])).toEqual([new Uint8Array()]);
    }
    expect(await pass('rejoin//demo', true, [(sealed as Uint8Array).slice(0, 20)])).toEqual([new Uint8Array()]);
  });

  test('lies beside what was written before anything was sealed', async () => {
    const { pass } = await vault(1);
    const plain = Uint8Array.of(1, 0, 0, 0);
    expect(await pass('rejoin//demo', true, [plain])).toEqual([plain]);
  });

  test('is an error of its own where sealing fails', async () => {
    const report = vi.fn<(error: SyncError) => void>();
    const failing = {
      encrypt: () => Promise.reject(new Error('no key')),
      decrypt: async (sealed: Uint8Array) => sealed,
    };
    await expect(vaultOf(failing, report)('rejoin//demo', false, [record])).rejects.toThrow('no key');
    expect(report.mock.calls[0]?.[0].message).toMatch(/^E_KEY: .*cannot be sealed \(no key\)/);
  });
});

test('the core is given the vault, and none without encryption', async () => {
  const given: unknown[] = [];
  for (const persistence of [encryptedWith(await keyOf(1)), 'memory'] as const) {
    const { client, world } = fakeClient({ schema, persistence });
    const module = world.module.bind(world);
    world.module = () => {
      const { Core, ...rest } = module();
      const Spied = class extends Core {
        constructor(...args: ConstructorParameters<typeof Core>) {
          super(...args);
          given.push([args[0].persistence, typeof args[3]]);
        }
      };
      return { ...rest, Core: Spied };
    };
    await client.preload();
  }
  expect(given).toEqual([
    ['indexeddb', 'function'],
    ['memory', 'undefined'],
  ]);
});
