// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CoreConnection } from '../src/boundary.js';
import { Tree } from '../src/devtools/tree.js';
import type { DevtoolsOptions } from '../src/devtools/types.js';
import { mountDevtools } from '../src/devtools.js';
import { SyncError } from '../src/errors.js';
import type { ClientImpl } from '../src/live-client.js';
import type { Schema } from '../src/schema.js';
import { ValueStore } from '../src/store.js';
import { CONNECTED, fakeClient, schema, turn } from './support/client.js';

const unmounts: (() => void)[] = [];

afterEach(() => {
  for (const unmount of unmounts.splice(0)) unmount();
  sessionStorage.clear();
  vi.unstubAllGlobals();
});

/** A client as an app holds it, and its panel. */
function mounted(options: DevtoolsOptions = { open: true }) {
  const { client, world } = fakeClient({ schema, presenceThrottle: 0 });
  (client as unknown as ClientImpl<Schema>).handle = new WeakRef(client);
  const mount = (more = options): (() => void) => {
    const unmount = mountDevtools(client, more);
    unmounts.push(unmount);
    return unmount;
  };
  return { client, world, mount };
}

const shadow = (): ShadowRoot => document.querySelector('[data-rejoin-devtools]')?.shadowRoot as ShadowRoot;
const all = <E extends Element = HTMLElement>(selector: string): E[] => [...shadow().querySelectorAll<E>(selector)];
const texts = (selector: string): string[] => all(selector).map(({ textContent }) => textContent ?? '');

/** What a table of the first room says. */
function fact(name: string): string | undefined {
  const row = all('dl > div').find((row) => row.querySelector('dt')?.textContent === name);
  return row?.querySelector('dd')?.textContent ?? undefined;
}

function press(name: string): void {
  const found = all('button').find(({ textContent }) => textContent === name);
  found?.click();
}

/** Lets what was told reach the page. */
async function drawn(): Promise<void> {
  await turn();
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function open(name: string): Promise<void> {
  const fold = all<HTMLDetailsElement>('details').find((fold) =>
    fold.querySelector('summary')?.textContent?.includes(name),
  );
  if (!fold) throw new Error(`nothing is named ${name}`);
  fold.open = true;
  fold.dispatchEvent(new Event('toggle'));
  await drawn();
}

const lost: Omit<CoreConnection, 'error'> & { readonly type: 'connection' } = {
  ...CONNECTED,
  status: 'reconnecting',
  transport: null,
  attempt: 3,
  nextRetryAt: Date.now() + 60_000,
  reason: { kind: 'http', status: 401 },
};

describe('the panel', () => {
  test('lists rooms that were entered before it and after, how often, and those that are left no more', async () => {
    const { client, mount } = mounted();
    const lease = client.enterRoom('first');
    await lease.room.ready;
    mount();
    client.enterRoom('first');
    client.enterRoom('second');
    await drawn();
    expect(texts('.name')).toEqual(['first', 'second']);
    expect(fact('Leases')).toBe('2');
    await client.clearData('first').catch(() => {});
    await drawn();
    expect(texts('.name')).toEqual(['second']);
    await open('Events');
    expect(texts('li[data-topic=room]').map((line) => line.slice(13))).toEqual([
      'room first left',
      'room second entered',
      'room first entered',
    ]);
  });

  test('finds the first room of a client that had none yet', async () => {
    const { client, mount } = mounted();
    mount();
    expect(texts('.none')).toContain('No room is entered.');
    await client.enterRoom('late').room.ready;
    await vi.waitFor(() => expect(texts('.name')).toEqual(['late']), { timeout: 5_000 });
  });

  test('says why there is no link, which attempt it is and when the next one is, and connects and disconnects', async () => {
    const { client, world, mount } = mounted();
    await client.enterRoom('demo').room.ready;
    mount();
    world.core.tell(0, { ...lost, error: null });
    await drawn();
    expect(['Status', 'Last loss', 'Attempt', 'Next try'].map(fact)).toEqual([
      'reconnecting',
      'the server answered 401',
      '3',
      expect.stringMatching(/^in \d\d s$/),
    ]);
    press('Try now');
    expect(world.count('connect')).toBe(1);
    press('Disconnect');
    expect(world.count('disconnect')).toBe(1);
    world.core.tell(0, { ...lost, status: 'disconnected', nextRetryAt: null, error: null });
    await drawn();
    expect(all('button').find(({ textContent }) => textContent === 'Try now')?.hidden).toBe(true);
    press('Connect');
    expect(world.count('connect')).toBe(2);
  });

  test('counts what waits and says what keeps it from the server', async () => {
    const { client, world, mount } = mounted();
    await client.enterRoom('demo').room.ready;
    mount();
    const peers = { synced: 0, of: 0 };
    const state = { status: 'rejected', local: 'saved', pending: 7, held: 1, peers, obstacle: 'read-only' } as const;
    world.core.tell(0, { type: 'sync', ...state });
    await drawn();
    expect(['On the server', 'Pending', 'Held', 'Obstacle'].map(fact)).toEqual([
      'rejected',
      '7 units',
      '1 update of others',
      'the server lets this client only read',
    ]);
  });

  test('shows an error once, with what to do and where it is explained, and counts the same one', async () => {
    const { client, world, mount } = mounted({ open: true, docs: (code) => `https://docs.example/${code}` });
    const { room } = client.enterRoom('demo');
    await room.ready;
    mount();
    const problem = { code: 'E_QUOTA', message: 'full', retryable: true } as const;
    world.core.tell(0, { ...lost, error: problem });
    await turn();
    for (let n = 0; n < 3; n++) room.report(new SyncError('E_AUTH', 'no', { room: 'demo' }));
    await drawn();
    await open('Errors');
    expect(texts('.fault')[0]).toContain('demo 3 times');
    expect(texts('.fault .words')).toEqual(['E_AUTH: no', 'E_QUOTA: full']);
    expect(texts('.fault p:not([class])')[1]).toContain('The disk of this origin is full');
    expect(all<HTMLAnchorElement>('.fault a').map(({ href }) => href)[0]).toBe('https://docs.example/E_AUTH');
    expect(texts('.launcher')[0]).toContain('2 errors');
  });

  test('asks for no messages, for no users, and for no document that nobody looks at', async () => {
    const { client, world, mount } = mounted();
    const { room } = client.enterRoom('demo');
    await room.ready;
    mount();
    await drawn();
    expect(world.count('subscribeMessages')).toBe(0);
    expect((room.doc as ValueStore<unknown>).isHeard).toBe(false);
    await open('Document');
    expect((room.doc as ValueStore<unknown>).isHeard).toBe(true);
    room.root.get('note').insert(0, 'seen');
    await drawn();
    expect(texts('.tree .leaf')).toContain('note: "seen"');
  });

  test('keeps so many events and no more, and goes without a trace', async () => {
    const { client, world, mount } = mounted({ open: true, events: 5 });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const unmount = mount();
    for (let attempt = 1; attempt <= 20; attempt++) world.core.tell(0, { ...lost, attempt, error: null });
    await turn();
    for (const status of ['connecting', 'connected'] as const) {
      world.core.tell(0, { ...CONNECTED, status });
      await turn();
    }
    for (let attempt = 1; attempt <= 9; attempt++) {
      world.core.tell(0, { ...lost, attempt, error: null });
      await turn();
    }
    await open('Events');
    expect(texts('li[data-topic]').length).toBe(5);
    expect(texts('li[data-topic]')[0]).toContain('attempt 9');
    unmount();
    unmount();
    await drawn();
    expect(document.querySelector('[data-rejoin-devtools]')).toBeNull();
    const stores = [room.connection, room.doc, room.presence.self, room.presence.others] as ValueStore<unknown>[];
    // The client itself listens to the connection.
    expect(stores.map(({ isHeard }) => isHeard)).toEqual([true, false, false, false]);
  });

  test('is closed by Escape, which the app does not hear, and stays as it was over a reload of the tab', async () => {
    const { mount } = mounted({});
    const heard = vi.fn();
    document.addEventListener('keydown', heard);
    const unmount = mount();
    const expanded = (): string | null | undefined => all('.launcher')[0]?.getAttribute('aria-expanded');
    expect(expanded()).toBe('false');
    all('.launcher')[0]?.click();
    expect(expanded()).toBe('true');
    unmount();
    mount();
    expect(expanded()).toBe('true');
    all('.panel')[0]?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, composed: true }));
    expect(expanded()).toBe('false');
    expect(heard).not.toHaveBeenCalled();
    document.removeEventListener('keydown', heard);
  });

  test('shows streams and sockets by the names they are given', async () => {
    const state = new ValueStore({ ...lost, status: 'reconnecting', error: null });
    const { mount } = mounted({ open: true, links: { prices: { state } } });
    mount();
    expect(texts('.links li')).toEqual([
      expect.stringMatching(/^pricesreconnecting, attempt 3, the server answered 401, next try in/),
    ]);
    state.set({ ...state.getSnapshot(), status: 'connected', attempt: 0, nextRetryAt: null });
    await drawn();
    expect(texts('.links li')).toEqual(['pricesconnected']);
  });
});

describe('a report', () => {
  async function reportOf(withContent: boolean): Promise<string> {
    const { client, world, mount } = mounted();
    const { room } = client.enterRoom('demo', { initialPresence: { x: 1, name: 'Ann in person' } });
    await room.ready;
    room.root.get('note').insert(0, 'a private note');
    mount();
    const message = 'GET wss://a.example/demo?token=secret1&x=1 failed: Bearer secret2, eyJhbGciOi.eyJzdWIi.c2VjcmV0';
    const problem = { code: 'E_AUTH', message, retryable: false, status: 401, body: 'secret3' } as const;
    world.core.tell(0, { ...lost, error: problem });
    await drawn();
    const writeText = vi.fn(async () => {});
    vi.stubGlobal('navigator', { clipboard: { writeText }, userAgent: 'test', onLine: true });
    const box = all<HTMLInputElement>('input[type=checkbox]')[0] as HTMLInputElement;
    box.checked = withContent;
    press('Copy report');
    await drawn();
    return String(writeText.mock.calls[0]?.at(0 as never));
  }

  test('has what happened, and neither tokens nor what people wrote and show', async () => {
    const text = await reportOf(false);
    const { rooms, errors } = JSON.parse(text);
    expect(rooms).toMatchObject([{ id: 'demo', leases: 1, connection: { status: 'reconnecting', attempt: 3 } }]);
    expect(errors).toMatchObject([{ code: 'E_AUTH', status: 401 }]);
    for (const secret of ['secret', 'c2VjcmV0', 'private', 'in person']) expect(text).not.toContain(secret);
  });

  test('has documents and presence where that is asked for', async () => {
    const text = await reportOf(true);
    expect(JSON.parse(text).rooms[0]).toMatchObject({
      document: { note: 'a private note' },
      presence: { self: { name: 'Ann in person' }, others: [] },
    });
    expect(text).not.toContain('secret');
  });
});

describe('a tree', () => {
  const opened = (tree: Tree, key: string): HTMLDetailsElement => {
    const found = [...tree.element.querySelectorAll('details')].find(
      (part) => part.querySelector('.key')?.textContent === key,
    ) as HTMLDetailsElement;
    found.open = true;
    found.dispatchEvent(new Event('toggle'));
    return found;
  };

  test('makes what is opened, a hundred parts at a time', () => {
    const tree = new Tree('', { list: Array.from({ length: 5_000 }, (_, n) => ({ n })) }, true);
    expect(tree.element.querySelectorAll('li').length).toBe(1);
    const list = opened(tree, 'list');
    expect(list.querySelectorAll('li').length).toBe(101);
    list.querySelector('button')?.click();
    expect(list.querySelectorAll('li').length).toBe(201);
    expect(list.querySelector('button')?.textContent).toBe('Show 100 more of 4,800');
  });

  test('keeps what is open while values change, come and go, and touches nothing else', () => {
    const b = { deep: { x: 1 } };
    const tree = new Tree('', { a: 1, b, c: [1] }, true);
    const before = opened(tree, 'b');
    opened(tree, 'deep');
    tree.set({ b: { deep: { x: 2 } }, c: [], d: 'new' });
    expect(opened(tree, 'b')).toBe(before);
    expect(before.textContent).toContain('x: 2');
    expect([...tree.element.querySelectorAll('.leaf')].map(({ textContent }) => textContent)).toEqual([
      'x: 2',
      'c: []',
      'd: "new"',
    ]);
  });

  test('cuts long texts, and shows more of one that is opened', () => {
    const tree = new Tree('', { note: 'x'.repeat(50_000) }, true);
    expect(tree.element.textContent?.length).toBeLessThan(250);
    expect(tree.element.textContent).toContain('(50,000 letters)');
    expect(opened(tree, 'note').querySelector('.text')?.textContent?.length).toBe(10_000);
  });
});
