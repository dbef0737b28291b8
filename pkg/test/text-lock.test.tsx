// @vitest-environment happy-dom
import { act } from 'react';
import { describe, expect, test, vi } from 'vitest';
import { useTextInput } from '../src/react.js';
import type { Room } from '../src/room.js';
import { settle, setupDom } from './support/dom.js';
import { boundField, keyboard } from './support/field.js';

const { mount, render } = setupDom();

/** How often a room is waited for. Who does it again and again would keep the page busy without end, and the test with it. */
function countWaits({ ready }: Pick<Room, 'ready'>): () => number {
  const then = ready.then.bind(ready);
  const spy = vi.spyOn(ready, 'then');
  const { calls } = spy.mock;
  spy.mockImplementation((...how) => (calls.length > 20 ? new Promise(() => {}) : then(...how)));
  return () => calls.length;
}

describe('once the room is left', () => {
  test.each(['clearData', 'close'] as const)('by %s, the element is read-only', async (way) => {
    const { client, element } = await boundField(mount, 'words');
    await act(() => client[way]());
    expect([element.readOnly, element.value]).toEqual([true, 'words']);
  });

  test.each(['clearData', 'close'] as const)(
    'by %s, a key is taken back, told once, and the page goes on',
    async (way) => {
      const { client, room, element, caret, type, errors } = await boundField(mount, 'words');
      const waits = countWaits(room);
      await act(() => client[way]());
      caret(5);
      type('x');
      await settle();
      expect([waits(), element.readOnly, element.value]).toEqual([0, true, 'words']);
      expect(errors.map(({ code }) => code)).toEqual(['E_DISPOSED']);
    },
  );

  test('a key that comes before anybody was told is taken back as well', async () => {
    const { client, room, element, caret, type, errors } = await boundField(mount, 'words');
    const waits = countWaits(room);
    caret(5);
    await act(async () => {
      const cleared = client.clearData();
      type('x');
      await cleared;
    });
    expect([waits(), element.readOnly, element.value]).toEqual([0, true, 'words']);
    expect(errors.map(({ code }) => code)).toEqual(['E_DISPOSED']);
  });

  test('what is being composed is told as lost when it ends, and not waited for', async () => {
    const { client, room, element, caret, type, compose, errors } = await boundField(mount, 'ab');
    const waits = countWaits(room);
    caret(2);
    compose('start');
    type('に');
    await act(() => client.clearData());
    compose('end');
    await settle();
    expect([waits(), element.readOnly, element.value]).toEqual([0, true, 'ab']);
    expect(errors.map(({ code }) => code)).toEqual(['E_DISPOSED']);
  });

  test('what waited for it to come back from a crash is told as lost', async () => {
    const { client, room, element, caret, type, world, errors } = await boundField(mount, 'saved');
    world.autoReady = false;
    world.traps.add('textInsert');
    caret(5);
    type('!');
    expect(room.sync.getSnapshot().local).toBe('saving');
    await act(() => client.clearData());
    await settle();
    expect([element.readOnly, element.value]).toEqual([true, 'saved']);
    expect(room.sync.getSnapshot().pending).toBe(0);
    expect(errors.map(({ code }) => code)).toEqual(['E_DISPOSED']);
  });

  test('and entered again, the element shows its text and is written into', async () => {
    const { client, room, element, caret, type, world } = await boundField(mount, 'words');
    await act(() => client.clearData());
    await act(async () => client['~enter'](room).room.ready);
    expect([element.readOnly, element.value]).toEqual([false, 'words']);
    caret(5);
    type('!');
    expect([`${room.root.get('note')}`, element.value]).toEqual(['words!', 'words!']);
    await act(async () => world.core.remote(1, (doc) => doc.getText('note').insert(0, '> ')));
    expect(element.value).toBe('> words!');
  });
});

describe('where the server lets this client only read', () => {
  const told = { status: 'synchronized', local: 'saved', pending: 0, held: 0, peers: { synced: 0, of: 0 } } as const;

  /** A field, and what the server says about writing. */
  async function ruled(initial: string) {
    const field = await boundField(mount, initial);
    const rule = (obstacle: 'read-only' | null, status: 'synchronized' | 'synchronizing' = 'synchronized') =>
      act(async () => field.world.core.tell(0, { type: 'sync', ...told, status, obstacle }));
    return { ...field, rule };
  }

  test('the element is read-only, shows what others write, and is writable when that is over', async () => {
    const { element, note, caret, type, remote, rule } = await ruled('words');
    await rule('read-only');
    await remote((text) => text.insert(5, ' more'));
    expect([element.readOnly, element.value]).toEqual([true, 'words more']);
    await rule(null);
    expect(element.readOnly).toBe(false);
    caret(0);
    type('> ');
    expect(note.toString()).toBe('> words more');
  });

  test('over a new link the element stays read-only until the server has greeted', async () => {
    const { element, rule } = await ruled('words');
    await rule('read-only');
    await rule(null, 'synchronizing');
    expect(element.readOnly).toBe(true);
    await rule('read-only');
    expect(element.readOnly).toBe(true);
    await rule(null, 'synchronizing');
    await rule(null);
    expect(element.readOnly).toBe(false);
  });

  test('so is one that is shown after that was told', async () => {
    const { world, around, rule } = await ruled('');
    await rule('read-only');
    function Other() {
      return <input {...useTextInput('note')} />;
    }
    await render(around(<Other />));
    const input = document.querySelector('input') as HTMLInputElement;
    expect(input.readOnly).toBe(true);
    await act(async () => world.core.tell(0, { type: 'sync', ...told, obstacle: null }));
    expect(input.readOnly).toBe(false);
  });

  test('what is being composed is not disturbed', async () => {
    const { element, note, caret, type, compose, rule } = await ruled('ab');
    caret(2);
    compose('start');
    type('に');
    await rule('read-only');
    expect(element.readOnly).toBe(false);
    compose('end');
    expect([element.readOnly, element.value, note.toString()]).toEqual([true, 'abに', 'abに']);
  });

  test('a field that the room refused stays read-only', async () => {
    const { element, world, caret, type, rule, errors } = await ruled('ab');
    await act(async () => world.core.remote(0, (doc) => doc.getMap('~schema').set('version', 9)));
    caret(2);
    type('c');
    await rule('read-only');
    await rule(null);
    expect([element.readOnly, element.value]).toEqual([true, 'ab']);
    expect(errors.map(({ code }) => code)).toContain('E_VERSION');
  });

  test('an element that is let go of is as the app wants it', async () => {
    const { element, rule } = await ruled('ab');
    await rule('read-only');
    await render(null);
    expect(element.readOnly).toBe(false);
    await rule(null);
    await rule('read-only');
    expect(element.readOnly).toBe(false);
  });
});

test('a field whose text was deleted is read-only, and bound to what comes to be there', async () => {
  const field = await boundField(mount, '', 'textarea', () => <Body />);
  function Body() {
    return <textarea {...useTextInput('todos.0.body')} />;
  }
  const element = document.querySelector('textarea') as HTMLTextAreaElement;
  const todos = field.room.root.get('todos');
  const add = (body: string) => act(async () => void todos.insert(0, { text: '', done: false, body }));
  await add('first');
  expect([element.readOnly, element.value]).toEqual([false, 'first']);
  await act(async () => todos.delete(0));
  expect([element.readOnly, element.value]).toEqual([true, 'first']);
  await add('second');
  expect([element.readOnly, element.value]).toEqual([false, 'second']);
  keyboard(element).caret(6);
  keyboard(element).type('!');
  expect([`${todos.at(0).get('body')}`, field.errors]).toEqual(['second!', []]);
});

test('so is one that was given its text, as that was', async () => {
  const field = await boundField(mount, '');
  const todos = field.room.root.get('todos');
  await act(async () => void todos.insert(0, { text: '', done: false, body: 'words' }));
  const body = todos.at(0).get('body');
  function Body() {
    return <textarea {...useTextInput(body)} />;
  }
  await render(field.around(<Body />));
  const element = document.querySelector('textarea') as HTMLTextAreaElement;
  expect([element.readOnly, element.value]).toEqual([false, 'words']);
  await act(async () => todos.delete(0));
  expect([element.readOnly, element.value, field.errors]).toEqual([true, 'words', []]);
});

test('what is composed into a text that is deleted meanwhile goes with it, and with the element', async () => {
  const field = await boundField(mount, '');
  const todos = field.room.root.get('todos');
  await act(async () => void todos.insert(0, { text: '', done: false, body: 'words' }));
  const Body = () => <textarea {...useTextInput('todos.0.body')} />;
  await render(field.around(<Body />));
  const { compose, type } = keyboard(document.querySelector('textarea') as HTMLTextAreaElement);
  compose('start');
  type('に');
  await act(async () => todos.delete(0));
  await render(field.around(null));
  expect([todos.length, field.errors]).toEqual([0, []]);
});
