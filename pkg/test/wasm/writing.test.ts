import { expect, test } from 'vitest';
import type { PipeWriter } from '../../src/refs/text.js';
import type { PipeOptions, Text } from '../../src/refs.js';
import { defineSchema, t } from '../../src/schema.js';
import { type Mark, Writing } from '../../src/stream/writing.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { page: t.text() } });
const PIECES = ['Once ', 'upon', ' a', ' a', ' ti\u{1F600}', '\u{1F601}me', '.'];
const WHOLE = PIECES.join('');

/** A page of its own with what an earlier one had saved. */
async function page(saved?: Uint8Array) {
  const client = realClient(schema);
  const { room } = client.enterRoom('answers');
  await room.ready;
  if (saved) room.applyUpdate(saved);
  return { client, room, text: room.root.get('page') };
}

/** Writes what is left of the answer, as a stream does. */
async function write(text: Text, writing: Writing, pieces: readonly string[]): Promise<void> {
  let pending = pieces.join('');
  const skip = (length: number): void => {
    pending = pending.slice(length);
  };
  writing.follow({ skip });
  async function* rest() {
    for (; pending; ) {
      const piece = [...pending].slice(0, 2).join('');
      skip(piece.length);
      yield piece;
    }
  }
  const options: PipeOptions & { '~writer': PipeWriter } = { '~writer': writing };
  await text.pipeFrom(rest(), options);
}

/** What a page that wrote the answer had saved, and had noted, after each piece; `others` write behind it. */
async function firstPage(others: string) {
  const { client, room, text } = await page();
  text.insert(0, 'Before. ');
  const other = await page();
  const joinIn = (): void => {
    other.room.applyUpdate(room.encodeStateAsUpdate());
    other.text.insert(other.text.length, others);
    room.applyUpdate(other.room.encodeStateAsUpdate());
  };
  const [saved, noted]: [Uint8Array[], (readonly Mark[])[]] = [[], []];
  const writing = new Writing(text, () => {
    if (others && saved.length === 0) joinIn();
    saved.push(room.encodeStateAsUpdate());
    noted.push([...writing.marks]);
  });
  await write(text, writing, PIECES);
  const whole = text.toString();
  await Promise.all([client.close(), other.client.close()]);
  return { saved, noted, whole };
}

/** What stands there when the next page has gone on. */
async function goneOn(saved: Uint8Array, marks: readonly Mark[]): Promise<string> {
  const { client, text } = await page(saved);
  const writing = new Writing(text, () => {});
  writing.restore(JSON.parse(JSON.stringify(marks)) as Mark[]);
  await write(text, writing, PIECES);
  const ended = text.toString();
  await client.close();
  return ended;
}

for (const others of ['', ' Once after.']) {
  test(`an answer is written once, whatever of it was saved and noted when the page ended${others && ', beside other words'}`, async () => {
    const { saved, noted, whole } = await firstPage(others);
    expect(whole).toBe(`Before. ${WHOLE}${others}`);
    const endings = saved.flatMap((update) => noted.map((marks) => goneOn(update, marks)));
    expect(new Set(await Promise.all(endings))).toEqual(new Set([whole]));
  }, 60_000);
}
