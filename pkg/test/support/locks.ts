/**
 * Web Locks as far as the package uses them, since Node 20 has none (`navigator.locks` came with Node 24): exclusive and
 * shared requests, first come first served, those that do not wait, and aborting. The channels of these tests are Node's own.
 */
export class Locks {
  readonly #held = new Map<string, { readonly shared: boolean; count: number }>();
  readonly #queue: { readonly name: string; readonly shared: boolean; grant(): void }[] = [];

  readonly request = async (
    name: string,
    options: { readonly signal?: AbortSignal; readonly mode?: string; readonly ifAvailable?: boolean },
    callback: (granted?: object | null) => unknown,
  ): Promise<unknown> => {
    const shared = options.mode === 'shared';
    if (options.ifAvailable && this.#held.has(name)) return callback(null);
    options.signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiting = { name, shared, grant: resolve };
      options.signal?.addEventListener('abort', () => {
        const at = this.#queue.indexOf(waiting);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        reject(options.signal?.reason);
      });
      this.#queue.push(waiting);
      queueMicrotask(() => this.#work());
    });
    try {
      return await callback({});
    } finally {
      this.#release(name);
    }
  };

  #release(name: string): void {
    const held = this.#held.get(name);
    if (held && --held.count === 0) this.#held.delete(name);
    this.#work();
  }

  #work(): void {
    for (const waiting of [...this.#queue]) {
      const held = this.#held.get(waiting.name);
      if (held && !(held.shared && waiting.shared)) continue;
      if (held) held.count++;
      else this.#held.set(waiting.name, { shared: waiting.shared, count: 1 });
      this.#queue.splice(this.#queue.indexOf(waiting), 1);
      waiting.grant();
    }
  }
}

/** What one tab has of the browser: locks of all, and channels that die with it. */
export function tabPlatform(locks: Locks): {
  readonly locks: Pick<LockManager, 'request'>;
  readonly Channel: typeof BroadcastChannel;
  /** Ends the tab as a crash does: nothing is said any more, and its locks are free. */
  kill(): void;
} {
  const dying = new AbortController();
  const channels: BroadcastChannel[] = [];
  const request = (name: string, options: LockOptions, callback: () => unknown): Promise<unknown> => {
    const { signal = dying.signal, mode } = options;
    const death = new Promise<void>((resolve) => dying.signal.addEventListener('abort', () => resolve()));
    const either = AbortSignal.any([signal, dying.signal]);
    return locks.request(name, mode ? { signal: either, mode } : { signal: either }, () =>
      Promise.race([Promise.resolve(callback()), death]),
    );
  };
  const Channel = class extends BroadcastChannel {
    constructor(name: string) {
      super(name);
      channels.push(this);
    }
  } as unknown as typeof BroadcastChannel;
  const kill = (): void => {
    for (const channel of channels) {
      channel.close();
      // What a dead tab would still say is said to nobody.
      channel.postMessage = () => {};
    }
    dying.abort();
  };
  return { locks: { request } as unknown as Pick<LockManager, 'request'>, Channel, kill };
}

/** Resolves when `condition` holds; vitest's time limit ends what never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
