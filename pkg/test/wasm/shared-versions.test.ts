import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { note: t.text() } });
const shelf = defineSchema({ doc: { versions: t.map(t.json()), bytes: t.map(t.text()) } });

/** A room whose versions are shared, with a server that cannot be reached; and the room that keeps them. */
async function entered() {
  const client = realClient(schema);
  const { room } = client.enterRoom('team', { versions: 'shared' });
  const kept = client.enterRoom('team~versions', { schema: shelf }).room;
  await Promise.all([room.ready, kept.ready]);
  return { client, room, versions: room.versions, kept: kept.root.get('versions'), bytes: kept.root.get('bytes') };
}

test('what others put beside shared versions is not listed, and what holds no document is refused', async () => {
  const { client, room, versions, kept, bytes } = await entered();
  const stop = versions.list.subscribe(() => {});
  room.root.get('note').insert(0, 'as it was');
  const { id, place, size } = await versions.save('mine');
  expect([place, size > 10]).toEqual(['shared', true]);
  expect((await versions.view(id)).note).toBe('as it was');
  const given = { name: 'theirs', at: 1, packed: true };
  const tooMuch = deflateRawSync(Buffer.alloc(70 << 20)).toString('base64');
  kept.set('no object', 7);
  kept.set('no name', { ...given, name: 7, update: '' });
  kept.set('no bytes', given);
  kept.set('no base64', { ...given, update: '%' });
  kept.set('not packed', { ...given, update: btoa('nonsense') });
  kept.set('no update', { ...given, packed: false, update: btoa('nonsense') });
  kept.set('too much', { ...given, update: tooMuch });
  kept.set('wrong bytes', given);
  bytes.set('wrong bytes', btoa('nonsense'));
  const wrong = ['wrong bytes', 'no base64', 'not packed', 'no update', 'too much'];
  await expect
    .poll(() =>
      versions.list
        .getSnapshot()
        .map((version) => version.id)
        .sort(),
    )
    .toEqual([...wrong, id].sort());
  for (const other of wrong) await expect(versions.view(other), other).rejects.toMatchObject({ code: 'E_UPDATE' });
  for (const none of ['no object', 'no name', 'no bytes', '__proto__']) {
    await expect(versions.view(none), none).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  }
  // As versions were kept before their bytes were a text.
  kept.set(id, {
    name: 'mine',
    at: 2,
    packed: false,
    update: btoa(String.fromCharCode(...room.encodeStateAsUpdate())),
  });
  bytes.delete(id);
  await versions.rename(id, 'still mine');
  expect((await versions.view(id)).note).toBe('as it was');
  await versions.remove(id);
  await expect.poll(() => versions.list.getSnapshot().some((version) => version.id === id)).toBe(false);
  stop();
  await client.close();
});

test('without a server versions stay on this device, also where they are to be shared', async () => {
  const client = realClient(schema, { url: null });
  const { room } = client.enterRoom('alone', { versions: 'shared' });
  await room.ready;
  expect((await room.versions.save('mine')).place).toBe('memory');
  await client.close();
});
