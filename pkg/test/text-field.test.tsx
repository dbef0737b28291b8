// @vitest-environment happy-dom
import { act, useState } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { RoomProvider, SyncProvider, useText, useTextInput } from '../src/react.js';
import { fakeClient, schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';
import { boundField, keyboard, resetForm } from './support/field.js';

type S = typeof schema;
const { mount, render, unmount } = setupDom();
const bound = (initial: string) => boundField(mount, initial, 'textarea', (field) => <form>{field}</form>);

function Field({ readOnly }: { readOnly?: boolean }) {
  return <textarea readOnly={readOnly} {...useTextInput('note')} />;
}

const fieldIn = (container: HTMLElement) => container.querySelector('textarea') as HTMLTextAreaElement;

describe('a form that is reset', () => {
  test('shows the text again, with the selection, and the next key deletes nothing', async () => {
    const { element, note, caret, type, selection } = await bound('what all wrote');
    caret(4);
    resetForm(element);
    await settle();
    expect([element.value, ...selection()]).toEqual(['what all wrote', 4, 4]);
    type('x');
    expect(note.toString()).toBe('whatx all wrote');
  });

  test('has what others write as it resets, and what the user types before anything else runs', async () => {
    const { element, note, remote, caret, type } = await bound('old');
    resetForm(element);
    await remote((text) => text.insert(3, ' new'));
    expect(element.value).toBe('old new');
    resetForm(element);
    element.dispatchEvent(new Event('beforeinput', { bubbles: true }));
    caret(0);
    type('x');
    await settle();
    expect([note.toString(), element.value, element.selectionStart]).toEqual(['xold new', 'xold new', 1]);
  });

  test('keeps what is being composed', async () => {
    const { element, note, caret, type, compose } = await bound('ab');
    caret(2);
    compose('start');
    type('に');
    resetForm(element);
    compose('end');
    await settle();
    expect([note.toString(), element.value]).toEqual(['abに', 'abに']);
  });

  test('keeps what waits for a room that comes back from a crash', async () => {
    const { element, note, caret, type, world } = await bound('saved');
    world.autoReady = false;
    world.traps.add('textInsert');
    caret(5);
    type('!');
    resetForm(element);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect([note.toString(), element.value]).toEqual(['saved!', 'saved!']);
  });

  test('is another form', async () => {
    const { element, caret, selection } = await bound('mine');
    const other = document.body.appendChild(document.createElement('form'));
    caret(1);
    const write = vi.spyOn(element, 'value', 'set');
    other.reset();
    await settle();
    expect([write.mock.calls, selection()]).toEqual([[], [1, 1]]);
  });
});

describe('while the text is not there', () => {
  test('another rendering does not make the element writable, and what it wants counts then', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    const container = await mount(around(<Field readOnly={true} />));
    await render(around(<Field readOnly={false} />));
    expect(fieldIn(container).readOnly).toBe(true);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    expect(fieldIn(container).readOnly).toBe(false);
  });

  test('an element that becomes read-only is so from then on', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    const container = await mount(around(<Field readOnly={false} />));
    await render(around(<Field readOnly={true} />));
    await act(async () => world.core.tell(0, { type: 'ready' }));
    expect(fieldIn(container).readOnly).toBe(true);
    await render(around(<Field readOnly={false} />));
    expect(fieldIn(container).readOnly).toBe(false);
  });

  test('an element that goes is let go of, and another text that is asked for is the one that it is bound to', async () => {
    const { client, world, around } = await withProviders();
    world.autoReady = false;
    const Place = ({ place }: { place: string }) => <textarea {...useTextInput(place)} />;
    const container = await mount(around(<Place key="first" place="note" />));
    const gone = fieldIn(container);
    await render(around(<Place key="second" place="todos.0.body" />));
    const element = fieldIn(container);
    await render(around(<Place key="second" place="note" />));
    expect([gone.readOnly, fieldIn(container) === element, element.readOnly]).toEqual([false, true, true]);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    keyboard(element).type('note');
    const note = client.getRoom<S>('demo')?.root.get('note');
    expect([`${note}`, element.value, gone.value]).toEqual(['note', 'note', '']);
  });

  test('an element that is bound twice, by mistake, does not keep the page busy', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'readOnly') as PropertyDescriptor;
    let writes = 0;
    vi.spyOn(HTMLTextAreaElement.prototype, 'readOnly', 'set').mockImplementation(function (this: unknown, value) {
      if (++writes < 100) set?.call(this, value);
    });
    function Twice() {
      const { ref: one } = useTextInput('note');
      const { ref: other } = useTextInput('todos.0.body');
      const both = (element: HTMLTextAreaElement | null): void => {
        one(element);
        other(element);
      };
      return <textarea ref={both} />;
    }
    const element = fieldIn(await mount(around(<Twice />)));
    expect([element.readOnly, writes < 20]).toEqual([true, true]);
  });

  test('the HTML of a server is read-only, and the page takes over from it', async () => {
    const { client, world } = fakeClient({ schema });
    await client.preload();
    world.autoReady = false;
    const page = (
      <SyncProvider client={client}>
        <RoomProvider<S> id="demo">
          <Field />
        </RoomProvider>
      </SyncProvider>
    );
    const container = document.body.appendChild(document.createElement('div'));
    container.innerHTML = renderToString(page);
    const element = fieldIn(container);
    expect(element.readOnly).toBe(true);
    const root = await act(async () => hydrateRoot(container, page));
    await settle();
    expect([fieldIn(container) === element, element.readOnly]).toEqual([true, true]);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    expect(element.readOnly).toBe(false);
    await act(async () => root.unmount());
  });
});

describe('as the room comes back from a crash', () => {
  /** A page in a room whose core has crashed. */
  async function crashed(trap = () => {}) {
    const { client, world, around } = await withProviders();
    let show = (_shown: boolean): void => {};
    function Page() {
      const [shown, set] = useState(false);
      show = set;
      return shown ? <Bound /> : null;
    }
    function Bound() {
      return (
        <>
          <i>{useText<S>('note')?.[0] ?? 'null'}</i>
          <Field />
        </>
      );
    }
    const container = await mount(around(<Page />));
    const note = client.getRoom<S>('demo')?.root.get('note');
    if (!note) throw new Error('the room is not there');
    await act(async () => note.insert(0, 'saved'));
    trap();
    world.autoReady = false;
    world.traps.add('textInsert');
    await act(async () => expect(() => note.insert(0, 'x')).toThrow('E_CORE_CRASHED'));
    return { container, world, note, show: (shown: boolean) => act(async () => show(shown)) };
  }

  test('what is mounted has the text then, though it is the same as before', async () => {
    const { container, world, note, show } = await crashed();
    await show(true);
    const element = fieldIn(container);
    expect([element.readOnly, container.textContent]).toEqual([true, 'null']);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    expect([element.readOnly, element.value, container.textContent]).toEqual([false, 'saved', 'saved']);
    keyboard(element).caret(5);
    await act(async () => keyboard(element).type('!'));
    expect(note.toString()).toBe('saved!');
  });

  test('a field whose text could not be read has it then', async () => {
    const { client, world, around } = await withProviders();
    await mount(around(null));
    await act(async () => client.getRoom<S>('demo')?.root.get('note').insert(0, 'saved'));
    world.traps.add('textToString');
    const container = document.body.firstElementChild as HTMLElement;
    await render(around(<Field />));
    await settle();
    expect([world.resets, fieldIn(container).readOnly, fieldIn(container).value]).toEqual([1, false, 'saved']);
  });

  test('what was typed into a field that is gone by then is written', async () => {
    const { element, note, caret, type, remote, world } = await boundField(mount, 'saved');
    const { parentElement } = element;
    world.autoReady = false;
    world.traps.add('textInsert');
    caret(5);
    type('!');
    await render(null);
    expect(parentElement?.children.length).toBe(0);
    await remote((text) => text.insert(0, 'un'));
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(note.toString()).toBe('unsaved!');
    await remote((text) => text.insert(0, '> '));
    expect(element.value).toBe('saved!');
    await unmount();
  });

  test('what was typed as the stack overflowed is written then, though the room does not know yet', async () => {
    const { element, note, caret, type, world, errors } = await boundField(mount, 'saved');
    const { core } = world;
    core.textInsert = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    caret(5);
    type('!');
    expect([world.resets, element.value, element.readOnly]).toEqual([0, 'saved!', false]);
    await settle();
    expect([world.resets, note.toString(), element.value, element.readOnly]).toEqual([1, 'saved!', 'saved!', false]);
    type('!');
    expect([note.toString(), errors]).toEqual(['saved!!', []]);
  });
});
