import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { defineSchema, type StandardSchemaV1, t } from '../../src/schema.js';
import { attachYjs } from '../../src/yjs.js';
import { realClient } from './support.js';

// What an app shows in presence itself, beside what bindings show by an awareness.

type Shown = { status?: string; user?: unknown; cursor?: unknown };
const presence: StandardSchemaV1<Shown, Shown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Shown }) },
};
const schema = defineSchema({ doc: { note: t.text() }, presence });

async function attached() {
  const client = realClient(schema);
  const { room } = client.enterRoom('room', { autoConnect: false, initialPresence: { status: 'here' } });
  await room.ready;
  const attach = () => attachYjs(room, { Y, doc: new Y.Doc() });
  return { client, room, attach, shown: () => room.presence.self.getSnapshot() };
}

test('fields that the app shows outlive the awareness, however they came before it', async () => {
  const { client, attach, shown } = await attached();
  const one = attach();
  one.awareness.setLocalStateField('cursor', 1);
  expect(shown()).toEqual({ status: 'here', cursor: 1 });
  one.awareness.setLocalState({ ...one.awareness.getLocalState(), user: 'Ada' });
  expect(shown()).toEqual({ status: 'here', cursor: 1, user: 'Ada' });
  one.awareness.setLocalState(null);
  expect(shown()).toEqual({ status: 'here' });
  const two = attach();
  two.awareness.setLocalStateField('cursor', 2);
  two.destroy();
  expect(shown()).toEqual({ status: 'here' });
  await client.close();
});

test('what the app shows in the same turn stays, and the awareness has it', async () => {
  const { client, room, attach, shown } = await attached();
  const { awareness } = attach();
  room.presence.update({ status: 'busy' });
  awareness.setLocalStateField('cursor', 1);
  expect(shown()).toEqual({ status: 'busy', cursor: 1 });
  room.presence.update({ status: 'away' });
  expect(awareness.getLocalState()).toEqual({ status: 'away', cursor: 1 });
  awareness.setLocalState({ ...awareness.getLocalState(), cursor: 2 });
  expect(shown()).toEqual({ status: 'away', cursor: 2 });
  await client.close();
});

test('a field that two documents show goes with the last of them', async () => {
  const { client, attach, shown } = await attached();
  const [one, two] = [attach(), attach()];
  one.awareness.setLocalStateField('user', 'Ada');
  two.awareness.setLocalStateField('user', 'Ada');
  two.awareness.setLocalStateField('cursor', 2);
  one.destroy();
  expect(shown()).toEqual({ status: 'here', user: 'Ada', cursor: 2 });
  two.awareness.setLocalStateField('cursor', undefined);
  expect(shown()).toEqual({ status: 'here', user: 'Ada' });
  two.destroy();
  expect(shown()).toEqual({ status: 'here' });
  await client.close();
});

test('a document that gives back what it read takes no field of another one over', async () => {
  const { client, attach, shown } = await attached();
  const [one, two] = [attach(), attach()];
  one.awareness.setLocalState({ user: 'Ada', cursor: { at: 1 } });
  two.awareness.setLocalState({ ...two.awareness.getLocalState(), mine: true });
  two.awareness.setLocalState({ ...two.awareness.getStates().get(two.awareness.clientID), mine: true });
  one.destroy();
  expect(shown()).toEqual({ status: 'here', mine: true });
  two.awareness.setLocalState({ ...two.awareness.getLocalState(), mine: false });
  two.destroy();
  expect(shown()).toEqual({ status: 'here' });
  await client.close();
});

test('a document that shows of itself what another one shows keeps that when the other one goes', async () => {
  const { client, attach, shown } = await attached();
  const one = attach();
  one.awareness.setLocalState({ user: 'Ada', cursor: null });
  const two = attach();
  // As bindings do that know what they show before they look: Lexical's.
  two.awareness.setLocalState({ user: 'Ada', cursor: null });
  two.awareness.setLocalState({ ...two.awareness.getLocalState(), cursor: 2 });
  one.destroy();
  expect(shown()).toEqual({ status: 'here', user: 'Ada', cursor: 2 });
  two.destroy();
  expect(shown()).toEqual({ status: 'here' });
  await client.close();
});
