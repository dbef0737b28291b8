import { act, type ReactNode, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, type Mock, vi } from 'vitest';
import type { Client } from '../../src/client.js';
import { RoomProvider, SyncProvider } from '../../src/react.js';
import { fakeClient, schema } from './client.js';
import type { FakeWorld } from './fake-core.js';

export type TestClient = Client<typeof schema>;

/** Mounts in StrictMode, and fails the test if React or anybody else writes to the console. */
export function setupDom() {
  let root: Root | null = null;
  const consoles: Mock[] = [];

  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    for (const level of ['error', 'warn'] as const) consoles.push(vi.spyOn(console, level) as unknown as Mock);
  });
  afterEach(async () => {
    await act(async () => root?.unmount());
    root = null;
    document.body.innerHTML = '';
    const lines = consoles.splice(0).flatMap(({ mock }) => mock.calls);
    vi.restoreAllMocks();
    vi.useRealTimers();
    expect(lines).toEqual([]);
  });

  return {
    async mount(node: ReactNode): Promise<HTMLElement> {
      const container = document.body.appendChild(document.createElement('div'));
      root = createRoot(container);
      await act(async () => root?.render(<StrictMode>{node}</StrictMode>));
      await settle();
      return container;
    },
    async unmount(): Promise<void> {
      await act(async () => root?.unmount());
      root = null;
    },
    async render(node: ReactNode): Promise<void> {
      await act(async () => root?.render(<StrictMode>{node}</StrictMode>));
      await settle();
    },
  };
}

/** Lets effects, the loading of the core and its events pass. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await act(async () => {
      if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(0);
      else await new Promise((resolve) => setTimeout(resolve, 1));
    });
  }
}

/** A client whose core is there already, and the providers around what is tested. */
export async function withProviders(): Promise<{
  readonly client: TestClient;
  readonly world: FakeWorld;
  readonly around: (node: ReactNode, id?: string) => ReactNode;
}> {
  const { client, world } = fakeClient({ schema, presenceThrottle: 0 });
  await client.preload();
  const around = (node: ReactNode, id = 'demo'): ReactNode => (
    <SyncProvider client={client}>
      <RoomProvider<typeof schema> id={id} initialPresence={{ x: 0 }}>
        {node}
      </RoomProvider>
    </SyncProvider>
  );
  return { client, world, around };
}
