import type { Attributes, Embed, TextOp } from '../boundary.js';
import { diffText, splitLoneTail } from '../delta.js';
import { STREAM_ORIGIN } from '../history.js';
import { deepFreeze, type Json } from '../json.js';
import { jsonText, wordOf } from '../plain.js';
import type { Cursor, PipeOptions, Text, TextRun } from '../refs.js';
import type { SyncState } from '../room.js';
import type { Store } from '../store.js';
import { Part } from './part.js';
import { count } from './place.js';

/** Goes on with a text that an earlier page began to write, and knows what stands there already. */
export interface PipeWriter {
  /** The room is ready: where to write. */
  begin(sync: Store<SyncState>, synced: Promise<void>): Promise<Cursor>;
  /** How much of a piece stands at this offset already, in UTF-16 units. */
  standing(piece: string, at: number): number;
  /** So many units more are written, up to there. */
  wrote(end: Cursor, units: number): void;
}

/** Counts what was piped into texts: each is a step of its own. */
let pipes = 0;

/** A {@link Text} by its type id. */
export class TextRef extends Part implements Text {
  override get snapshot(): Store<string> {
    return this.place.store as Store<string>;
  }

  get '~type'(): string {
    return this.place.type;
  }

  get length(): number {
    const { host, type } = this.place;
    return host.read((core, room) => core.lengthOf(room, type));
  }

  insert(at: number, text: string, attributes?: Attributes): void {
    const { host, type } = this.place;
    const marks = marksOf(attributes);
    const words = wordOf(text, 'the text');
    host.write((core, room) => core.textInsert(room, type, count(at, 'the offset'), words, marks));
  }

  delete(at: number, length: number): void {
    const { host, type } = this.place;
    host.write((core, room) => core.textDelete(room, type, count(at, 'the offset'), count(length, 'the length')));
  }

  format(at: number, length: number, attributes: Attributes): void {
    const { host, type } = this.place;
    const marks = jsonText(attributes, 'the attributes');
    host.write((core, room) =>
      core.textFormat(room, type, count(at, 'the offset'), count(length, 'the length'), marks),
    );
  }

  insertEmbed(at: number, embed: Embed, attributes?: Attributes): void {
    const { host, type } = this.place;
    const [object, marks] = [jsonText(embed, 'the embed'), marksOf(attributes)];
    host.write((core, room) => core.textEmbed(room, type, count(at, 'the offset'), object, marks));
  }

  toDelta(): readonly TextRun[] {
    const { host, type } = this.place;
    return deepFreeze(
      JSON.parse(host.read((core, room) => core.textDelta(room, type))) as Json,
    ) as unknown as TextRun[];
  }

  applyDelta(delta: readonly TextOp[]): void {
    const { host, type } = this.place;
    const ops = jsonText(delta, 'the delta');
    host.write((core, room) => core.textApply(room, type, ops));
  }

  replace(next: string): void {
    this.applyDiff(next);
  }

  applyDiff(next: string): void {
    const splice = diffText(this.toString(), wordOf(next, 'the text'));
    if (!splice) return;
    this.place.host.batch(() => {
      if (splice.remove > 0) this.delete(splice.at, splice.remove);
      if (splice.insert) this.insert(splice.at, splice.insert);
    });
  }

  override toString(): string {
    const { host, type } = this.place;
    return host.read((core, room) => core.textToString(room, type));
  }

  cursor(at: number, assoc: -1 | 1 = 1): Cursor {
    const { host, type } = this.place;
    return { '~cursor': host.read((core, room) => core.stickyIndex(room, type, count(at, 'the offset'), assoc)) };
  }

  resolve(cursor: Cursor): number | null {
    const sticky = wordOf(cursor?.['~cursor'], 'the cursor');
    return this.place.host.read((core, room) => core.resolveSticky(room, sticky)) ?? null;
  }

  async pipeFrom(
    source: AsyncIterable<string>,
    { signal, origin, step, '~writer': writer }: PipeOptions & { readonly '~writer'?: PipeWriter } = {},
  ): Promise<void> {
    let cursor: Cursor | null = null;
    let tail = '';
    const { host } = this.place;
    const count = { origin: origin ?? STREAM_ORIGIN, step: step ?? `pipe/${++pipes}` };
    const append = async (text: string): Promise<void> => {
      if (!text) return;
      await host.whenReady();
      signal?.throwIfAborted();
      const at: number = (cursor && this.resolve(cursor)) ?? this.length;
      const known = writer?.standing(text, at) ?? 0;
      if (known < text.length) host.batch(() => this.insert(at + known, text.slice(known)), count);
      cursor = this.cursor(at + text.length, -1);
      writer?.wrote(cursor, text.length);
    };
    if (writer) {
      await host.whenReady();
      cursor = await writer.begin(host.sync, host.synced);
    }
    for await (const chunk of untilAborted(source, signal)) {
      // A chunk may end in the middle of a surrogate pair.
      const [whole, rest] = splitLoneTail(tail + chunk);
      tail = rest;
      await append(whole);
    }
    await append(tail);
  }
}

function marksOf(attributes: Attributes | undefined): string | null {
  return attributes === undefined ? null : jsonText(attributes, 'the attributes');
}

/** Gives up waiting for the next item when the signal says so, and tells the source. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason);
  });
  aborted.catch(() => {});
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      const item = await Promise.race([aborted, items.next()]);
      if (item.done) return;
      yield item.value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: a source that hangs would hang here too.
    void Promise.resolve(items.return?.()).catch(() => {});
  }
}
