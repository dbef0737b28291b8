// @vitest-environment happy-dom
import { act } from 'react';
import { describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { useDoc, useText, useTextInput } from '../src/react.js';
import type { DocSnapshot } from '../src/schema.js';
import type { TextField } from '../src/text-input.js';
import type { schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';
import { boundField, keyboard } from './support/field.js';

type S = typeof schema;
const { mount, render, unmount } = setupDom();

const bound = (initial: string, tag?: 'textarea' | 'input') => boundField(mount, initial, tag);

describe('typing', () => {
  test('writes what was typed, where it was typed', async () => {
    const { element, note, caret, type, selection, world } = await bound('hello');
    caret(5);
    type(' world');
    caret(0, 5);
    type('bye');
    expect([note.toString(), element.value]).toEqual(['bye world', 'bye world']);
    expect(selection()).toEqual([3, 3]);
    expect(world.calls).toContain('textInsert(5,  world)');
  });

  test('one of several equal letters writes at the caret, so that concurrent edits merge as meant', async () => {
    const { caret, type, world } = await bound('aaaa');
    caret(1);
    type('a');
    expect(world.calls.at(-2)).toBe('textInsert(1, a)');
  });

  test('replacing one emoji by another never leaves half of one', async () => {
    const { note, caret, type } = await bound('x😀y');
    caret(1, 3);
    type('😁');
    expect(note.toString()).toBe('x😁y');
  });
});

describe('undo', () => {
  const press = (element: TextField, key: string, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent('keydown', { key, ctrlKey: true, bubbles: true, cancelable: true, ...more });
    return !element.dispatchEvent(event);
  };

  test('takes back what was typed and puts the selection where it was', async () => {
    const { element, note, caret, type, remote, selection, history } = await bound('hello');
    history.checkpoint();
    caret(1, 4);
    element.dispatchEvent(new Event('beforeinput', { bubbles: true }));
    type('ipp');
    await remote((note) => note.insert(0, '>> '));
    expect(element.value).toBe('>> hippo');
    expect(press(element, 'z')).toBe(true);
    expect([note.toString(), element.value, ...selection()]).toEqual(['>> hello', '>> hello', 4, 7]);
    expect(press(element, 'Z', { shiftKey: true })).toBe(true);
    expect([element.value, ...selection()]).toEqual(['>> hippo', 7, 7]);
  });

  test('within a batch puts the selection where it was, too', async () => {
    const { element, note, caret, selection, history, room } = await bound('hello');
    history.checkpoint();
    caret(5);
    note.insert(0, 'XYZ');
    expect([element.value, ...selection()]).toEqual(['XYZhello', 8, 8]);
    room.batch(() => history.undo());
    expect([element.value, ...selection()]).toEqual(['hello', 5, 5]);
  });

  test('of what was composed puts the selection where that began', async () => {
    const { element, caret, type, compose, selection, history } = await bound('ab');
    history.checkpoint();
    caret(1);
    compose('start');
    type('x');
    compose('end');
    caret(3);
    expect(press(element, 'z')).toBe(true);
    expect([element.value, ...selection()]).toEqual(['ab', 1, 1]);
  });

  test('of what was composed while others wrote before it puts the selection where that is now', async () => {
    const { element, caret, type, compose, remote, selection, history } = await bound('ab');
    history.checkpoint();
    caret(1);
    compose('start');
    await remote((note) => note.insert(0, '>> '));
    type('x');
    compose('end');
    expect(element.value).toBe('>> axb');
    history.undo();
    expect([element.value, ...selection()]).toEqual(['>> ab', 4, 4]);
  });

  test('comes from the menu too, and other keys are left alone', async () => {
    const { element, type, world } = await bound('');
    type('a');
    const event = new InputEvent('beforeinput', { inputType: 'historyUndo', bubbles: true, cancelable: true });
    element.dispatchEvent(event);
    expect([event.defaultPrevented, element.value, world.count('undo')]).toEqual([true, '', 1]);
    expect([
      press(element, 'z', { ctrlKey: false }),
      press(element, 'x'),
      press(element, 'z', { altKey: true }),
    ]).toEqual([false, false, false]);
  });
});

describe('edits of others', () => {
  test('before the caret move it, behind it leave it', async () => {
    const { element, caret, remote, selection } = await bound('hello world');
    caret(5);
    await remote((note) => note.insert(0, '>> '));
    expect([element.value, ...selection()]).toEqual(['>> hello world', 8, 8]);
    await remote((note) => note.insert(14, '!'));
    expect(selection()).toEqual([8, 8]);
    await remote((note) => note.delete(0, 3));
    expect([element.value, ...selection()]).toEqual(['hello world!', 5, 5]);
  });

  test('exactly at the caret leave it before them', async () => {
    const { caret, remote, selection } = await bound('ab');
    caret(1);
    await remote((note) => note.insert(1, 'XY'));
    expect(selection()).toEqual([1, 1]);
  });

  test('inside and around a selection keep it on the same words', async () => {
    const { element, caret, remote, selection } = await bound('one two three');
    caret(4, 7);
    await remote((note) => note.insert(0, 'zero '));
    await remote((note) => note.insert(10, 'X'));
    const [start, end] = selection();
    expect(element.value.slice(start ?? 0, end ?? 0)).toBe('tXwo');
    await remote((note) => note.delete(0, 18));
    expect(selection()).toEqual([0, 0]);
  });

  test('keep the scroll position and the direction of the selection', async () => {
    const { element, remote } = await bound('a\n'.repeat(200));
    element.scrollTop = 120;
    element.setSelectionRange(2, 4, 'backward');
    await remote((note) => note.insert(100, 'new'));
    expect([element.scrollTop, element.selectionDirection]).toEqual([120, 'backward']);
  });

  test('do not take the selection of an element that has no focus', async () => {
    const { element, remote } = await bound('abc');
    element.blur();
    const calls: unknown[] = [];
    element.setSelectionRange = (...args: unknown[]) => void calls.push(args);
    await remote((note) => note.insert(0, 'x'));
    expect([element.value, calls]).toEqual(['xabc', []]);
  });
});

describe('a composition', () => {
  test('is left alone: nothing is written to the element, nothing half-composed to the text', async () => {
    const { element, note, caret, type, compose, remote } = await bound('ab');
    caret(1);
    compose('start');
    type('に');
    await remote((text) => text.insert(0, 'XX'));
    expect([element.value, note.toString()]).toEqual(['aにb', 'XXab']);
    type('ほ');
    compose('end');
    expect([element.value, note.toString()]).toEqual(['XXaにほb', 'XXaにほb']);
  });

  test('ends with the caret behind what was composed, wherever others wrote', async () => {
    const { element, caret, type, compose, remote, selection } = await bound('hello world');
    caret(5);
    compose('start');
    type('日本');
    await remote((note) => note.insert(0, 'AB'));
    await remote((note) => note.insert(13, '!'));
    compose('end');
    expect([element.value, ...selection()]).toEqual(['ABhello日本 world!', 9, 9]);
  });

  test('over a selection replaces it and keeps what others wrote elsewhere', async () => {
    const { element, note, caret, type, compose, remote } = await bound('one two three');
    caret(4, 7);
    compose('start');
    type('二');
    await remote((text) => text.delete(0, 4));
    await remote((text) => text.insert(9, '!'));
    compose('end');
    expect([element.value, note.toString()]).toEqual(['二 three!', '二 three!']);
  });

  test('that changes nothing shows what others wrote meanwhile', async () => {
    const { element, compose, remote } = await bound('ab');
    compose('start');
    await remote((note) => note.insert(2, 'c'));
    expect(element.value).toBe('ab');
    compose('end');
    expect(element.value).toBe('abc');
  });

  test('is written when the element goes in the middle of it', async () => {
    const { note, caret, type, compose, remote, errors } = await bound('one ');
    caret(4);
    compose('start');
    type('に');
    await remote((text) => text.insert(0, 'XX '));
    await unmount();
    expect([note.toString(), errors]).toEqual(['XX one に', []]);
  });

  test('goes on where another rendering gives the element another ref, and keeps what others write meanwhile', async () => {
    const { client, world, around } = await withProviders();
    function Field() {
      const { ref, ...rest } = useTextInput('note');
      // As a component does that wants the element, too: another function in each rendering.
      return <textarea {...rest} ref={(element) => ref(element)} />;
    }
    const container = await mount(around(<Field />));
    const note = client.getRoom<S>('demo')?.root.get('note');
    await act(async () => note?.insert(0, 'ab'));
    const element = container.querySelector('textarea') as HTMLTextAreaElement;
    const { caret, type, compose, selection } = keyboard(element);
    const sets = vi.spyOn(element, 'value', 'set');
    element.focus();
    caret(1);
    compose('start');
    type('に');
    sets.mockClear();
    await act(async () => world.core.remote(0, (doc) => doc.getText('note').insert(0, 'XX')));
    await render(around(<Field />));
    expect([element.value, element.readOnly, sets.mock.calls]).toEqual(['aにb', false, []]);
    await act(async () => world.core.remote(0, (doc) => doc.getText('note').insert(0, 'Y')));
    type('ほ');
    expect([element.value, `${note}`]).toEqual(['aにほb', 'YXXaにb']);
    compose('end');
    expect([element.value, `${note}`, ...selection()]).toEqual(['YXXaにほb', 'YXXaにほb', 6, 6]);
    type('!');
    expect(`${note}`).toBe('YXXaにほ!b');
  });

  test('followed by another input event, as Firefox sends it, writes once', async () => {
    const { element, note, caret, type, compose } = await bound('');
    caret(0);
    compose('start');
    type('あ');
    compose('end');
    element.dispatchEvent(new Event('input', { bubbles: true }));
    expect(note.toString()).toBe('あ');
  });
});

describe('line breaks', () => {
  test('an input cannot show are kept when something else is typed', async () => {
    const { element, note, caret, type } = await bound('one\ntwo', 'input');
    expect(element.value).toBe('onetwo');
    caret(6);
    type('!');
    expect([element.value, note.toString()]).toEqual(['onetwo!', 'one\ntwo!']);
  });

  test('of Windows are kept by a textarea, which shows them as one character', async () => {
    const { element, note, caret, type, remote, selection } = await bound('a\r\nb\r\nc');
    caret(5);
    type('!');
    expect(note.toString()).toBe('a\r\nb\r\nc!');
    caret(2);
    await remote((text) => text.insert(0, 'X'));
    expect([element.value.replace(/\r\n/g, '\n'), ...selection()]).toEqual(['Xa\nb\nc!', 3, 3]);
  });
});

describe('binding', () => {
  test('makes the element read-only until the text is there, and lets go of it in the end', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    function Field() {
      return <textarea {...useTextInput('note')} />;
    }
    const container = await mount(around(<Field />));
    const element = container.querySelector('textarea') as HTMLTextAreaElement;
    expect(element.readOnly).toBe(true);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    expect(element.readOnly).toBe(false);
    await act(async () => world.core.remote(0, (doc) => doc.getText('note').insert(0, 'there')));
    expect(element.value).toBe('there');
    await unmount();
    await act(async () => world.core.remote(0, (doc) => doc.getText('note').insert(0, 'not ')));
    expect(element.value).toBe('there');
  });

  test('to a text as it is holds whatever comes before its item, the caret and the words', async () => {
    const { client, world, around } = await withProviders();
    function Field({ at }: { at: number }) {
      const path = `todos.${at}.body`;
      return <textarea {...useTextInput(useText<S>(path)?.[1] ?? path)} />;
    }
    const container = await mount(around(<Field at={1} />));
    const todos = client.getRoom<S>('demo')?.root.get('todos');
    const item = (body: string) => ({ text: '', done: false, body });
    await act(async () => todos?.push(item('first'), item('mine'), item('x')));
    const element = container.querySelector('textarea') as HTMLTextAreaElement;
    expect([element.value, element.readOnly]).toEqual(['mine', false]);
    element.focus();
    element.setSelectionRange(4, 4);
    const text = todos?.at(1).get('body');
    const values: string[] = [];
    const show = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value') as PropertyDescriptor;
    Object.defineProperty(element, 'value', {
      ...show,
      set: (value) => {
        values.push(value);
        show.set?.call(element, value);
      },
    });
    await act(async () => {
      world.core.remote(0, (doc) => doc.getArray('todos').delete(0, 1));
      await render(around(<Field at={0} />));
    });
    await act(async () => text?.insert(0, '> '));
    expect([element.value, element.selectionStart]).toEqual(['> mine', 6]);
    expect(values).not.toContain('x');
  });

  /** An item of another client. */
  function theirs(id: string): Y.Map<unknown> {
    return new Y.Map<unknown>([
      ['text', id],
      ['done', false],
      ['body', new Y.Text(id)],
    ]);
  }

  /** The rows of a list, as README shows them. */
  function Rows() {
    const todos = useDoc<DocSnapshot<S['doc']>['todos'], S>((doc) => doc.todos);
    return todos?.map(({ text: id }, index) => <Row key={id} path={`todos.${index}.body`} />);
  }

  function Row({ path }: { path: string }) {
    return <input {...useTextInput(useText<S>(path)?.[1] ?? path)} />;
  }

  test('in rows that are keyed by an id stays with its item, whatever others insert and delete above it', async () => {
    const { client, world, around } = await withProviders();
    const container = await mount(around(<Rows />));
    const todos = client.getRoom<S>('demo')?.root.get('todos');
    if (!todos) throw new Error('the room is not there');
    const item = (id: string) => ({ text: id, done: false, body: id });
    await act(async () => todos.push(item('mine')));
    const element = container.querySelector('input') as HTMLInputElement;
    const { caret, type } = keyboard(element);
    element.focus();
    caret(4);
    await act(async () => type('!'));
    await act(async () => world.core.remote(0, (doc) => doc.getArray('todos').insert(0, [theirs('other')])));
    await act(async () => type('!'));
    await act(async () => todos.insert(0, item('first'), item('second')));
    await act(async () => type('!'));
    await act(async () => todos.delete(1, 2));
    await act(async () => type('!'));
    expect([todos.length, `${todos.at(0).get('body')}`, `${todos.at(1).get('body')}`]).toEqual([
      2,
      'first',
      'mine!!!!',
    ]);
    expect([document.activeElement === element, element.value, element.selectionStart]).toEqual([true, 'mine!!!!', 8]);
  });

  test('shows the text after a crash of the core', async () => {
    const { element, note, caret, type, world } = await bound('saved');
    caret(5);
    world.traps.add('textInsert');
    await act(async () => {
      expect(() => note.insert(0, 'x')).toThrow();
    });
    type('!');
    expect([note.toString(), element.value]).toEqual(['saved!', 'saved!']);
  });
});

describe('what is typed where the room takes no edits', () => {
  test('while it comes back from a crash is written then, beside what came meanwhile', async () => {
    const { room, element, note, caret, type, remote, selection, world } = await bound('saved');
    const stands = () => [room.sync.getSnapshot().local, room.sync.getSnapshot().pending];
    const before = stands();
    world.autoReady = false;
    world.traps.add('textInsert');
    caret(5);
    type('!');
    caret(0);
    type('un');
    expect([element.value, element.readOnly]).toEqual(['unsaved!', false]);
    // Nobody but the element has it.
    expect(stands()).toEqual(['saving', 1]);
    await remote((note) => note.insert(5, ' words'));
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect([note.toString(), element.value, selection()]).toEqual(['unsaved! words', 'unsaved! words', [2, 2]]);
    expect(stands()).toEqual(before);
    type('-');
    expect(note.toString()).toBe('un-saved! words');
  });

  test('as a composed word, with the next one, stands where it was typed, whatever others wrote before it', async () => {
    const { element, note, caret, type, compose, remote, world } = await bound('hello');
    caret(5);
    compose('start');
    type('日');
    await remote((text) => text.insert(0, 'XX '));
    world.autoReady = false;
    world.traps.add('textInsert');
    compose('end');
    compose('start');
    type('本');
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    compose('end');
    expect([note.toString(), element.value]).toEqual(['XX hello日本', 'XX hello日本']);
  });

  test('because a later version of the schema wrote it is taken back, and told as an error of the client', async () => {
    const { element, note, caret, type, world, errors } = await bound('ab');
    await act(async () => world.core.remote(0, (doc) => doc.getMap('~schema').set('version', 9)));
    errors.length = 0;
    caret(2);
    type('c');
    expect([note.toString(), element.value, element.readOnly]).toEqual(['ab', 'ab', true]);
    await settle();
    expect(errors.map(({ code }) => code)).toEqual(['E_VERSION']);
  });
});
