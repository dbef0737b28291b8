import { IDBFactory } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { clearData, clearLog } from '../src/guard/clear.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A browser's storage that says this to every call. */
function refusing(name: string): void {
  const fail = (): never => {
    throw new DOMException('no', name);
  };
  vi.stubGlobal('indexedDB', { deleteDatabase: fail, databases: async () => fail() });
}

describe('deleting what a device keeps', () => {
  test.each(['SecurityError', 'InvalidStateError', 'NotSupportedError'])(
    'is done where the browser keeps nothing (%s)',
    async (name) => {
      vi.useFakeTimers();
      refusing(name);
      await clearLog('', 'demo');
      await clearData('', 'demo', []);
      await clearData('', undefined, ['demo']);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('that fails for another reason is told as E_STORAGE, with the cause', async () => {
    vi.useFakeTimers();
    refusing('UnknownError');
    const told = { code: 'E_STORAGE', cause: { name: 'UnknownError' } };
    await expect(clearLog('', 'demo')).rejects.toMatchObject(told);
    await expect(clearData('', 'demo', [])).rejects.toMatchObject(told);
    await expect(clearData('', undefined, [])).rejects.toMatchObject(told);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('deletes what there is, and no other namespace', async () => {
    const factory = new IDBFactory();
    vi.stubGlobal('indexedDB', factory);
    for (const name of ['rejoin//a', 'rejoin//b', 'rejoin/other/a', 'rejoin-versions//a']) {
      await new Promise((resolve) => {
        const request = factory.open(name);
        request.onsuccess = () => resolve(request.result.close());
      });
    }
    await clearLog('', 'b');
    await clearData('', undefined, []);
    expect((await factory.databases()).map(({ name }) => name)).toEqual(['rejoin/other/a']);
  });
});
