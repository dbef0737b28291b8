import { describe, expect, test } from 'vitest';
import { schema, turn } from '../support/client.js';
import { realClient } from './support.js';

async function entered(id = 'demo') {
  const client = realClient(schema);
  const { room } = client.enterRoom(id);
  await room.ready;
  return { client, room, history: room.history, note: room.root.get('note'), todos: room.root.get('todos') };
}

const todo = (text: string) => ({ text, done: false, body: '' });

describe('undo on the real core', () => {
  test('takes back typing at once and other things one by one', async () => {
    const { client, history, note, todos, room } = await entered();
    for (const char of 'hello') note.insert(note.length, char);
    todos.push(todo('a'));
    todos.push(todo('b'));
    todos.at(0).set('done', true);
    expect(history.undo()).toBe(true);
    expect(room.doc.getSnapshot()?.todos).toEqual([todo('a'), todo('b')]);
    history.undo();
    history.undo();
    expect(room.doc.getSnapshot()).toMatchObject({ todos: [], note: 'hello' });
    history.undo();
    expect(room.doc.getSnapshot()?.note).toBe('');
    expect([history.undo(), history.state.getSnapshot()]).toEqual([false, { canUndo: false, canRedo: true }]);
    while (history.redo());
    expect(room.doc.getSnapshot()).toMatchObject({ note: 'hello', todos: [{ ...todo('a'), done: true }, todo('b')] });
    await client.close();
  });

  test('never takes back what others wrote', async () => {
    const mine = await entered();
    const theirs = await entered('elsewhere');
    mine.note.insert(0, 'mine');
    theirs.room.applyUpdate(mine.room.encodeStateAsUpdate());
    theirs.note.insert(4, ' and theirs');
    mine.room.applyUpdate(theirs.room.encodeStateAsUpdate());
    expect(theirs.history.undo()).toBe(true);
    mine.room.applyUpdate(theirs.room.encodeStateAsUpdate());
    expect(mine.note.toString()).toBe('mine');
    theirs.history.redo();
    mine.room.applyUpdate(theirs.room.encodeStateAsUpdate());
    mine.history.undo();
    expect(mine.note.toString()).toBe(' and theirs');
    await Promise.all([mine.client.close(), theirs.client.close()]);
  });

  test('a batch is one step, whatever is nested in it', async () => {
    const { client, room, history, note, todos } = await entered();
    room.batch(() => {
      note.insert(0, 'a');
      room.batch(() => todos.push(todo('x')));
      note.insert(1, 'b');
    });
    history.undo();
    expect(room.doc.getSnapshot()).toMatchObject({ note: '', todos: [] });
    await client.close();
  });

  test('an answer that is streamed into a text is one step, also when the user writes meanwhile', async () => {
    const { client, history, note, todos } = await entered();
    async function* answer() {
      yield 'It is ';
      todos.push(todo('while it came'));
      await turn();
      yield 'forty';
      yield '-two.';
    }
    await note.pipeFrom(answer());
    expect(note.toString()).toBe('It is forty-two.');
    history.undo();
    expect([todos.length, note.toString()]).toEqual([0, 'It is forty-two.']);
    history.undo();
    expect([note.toString(), history.state.getSnapshot()]).toEqual(['', { canUndo: false, canRedo: true }]);
    history.redo();
    expect(note.toString()).toBe('It is forty-two.');
    await client.close();
  });

  test('a move and a delta are one step each', async () => {
    const { client, history, note, todos, room } = await entered();
    todos.push(todo('a'), todo('b'));
    todos.move(1, 0);
    note.applyDelta([{ insert: 'x', attributes: { bold: true } }, { insert: { image: 'y' } }]);
    history.undo();
    expect(note.toDelta()).toEqual([]);
    history.undo();
    expect(room.doc.getSnapshot()?.todos).toEqual([todo('a'), todo('b')]);
    history.redo();
    history.redo();
    expect(room.doc.getSnapshot()?.todos).toEqual([todo('b'), todo('a')]);
    expect(note.toDelta()).toEqual([{ insert: 'x', attributes: { bold: true } }, { insert: { image: 'y' } }]);
    await client.close();
  });

  test('what is paused is one step', async () => {
    const { client, room, history } = await entered();
    const settings = room.root.get('settings');
    settings.set('theme', 'light');
    history.pause();
    for (let i = 0; i < 100; i++) settings.set('theme', `hsl(${i})`);
    history.resume();
    history.undo();
    expect(settings.get('theme')).toBe('light');
    await client.close();
  });

  test('a caret kept as a cursor comes back where it was among what others wrote', async () => {
    const { client, room, history, note } = await entered();
    const theirs = await entered('elsewhere');
    let caret = 0;
    history.keepSelection({
      capture: () => note.cursor(caret, -1),
      restore: (cursor) => {
        caret = note.resolve(cursor) ?? -1;
      },
    });
    note.insert(0, 'hello world');
    history.checkpoint();
    caret = 11;
    note.delete(5, 6);
    caret = 5;
    theirs.room.applyUpdate(room.encodeStateAsUpdate());
    theirs.note.insert(0, '>> ');
    room.applyUpdate(theirs.room.encodeStateAsUpdate());
    caret = 8;
    history.undo();
    expect([note.toString(), caret]).toEqual(['>> hello world', 14]);
    history.redo();
    expect([note.toString(), caret]).toEqual(['>> hello', 8]);
    await Promise.all([client.close(), theirs.client.close()]);
  });
});
