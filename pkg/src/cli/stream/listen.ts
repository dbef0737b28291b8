import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { EventParser } from './parser.js';

/** What came within the time that was listened. */
export interface Heard {
  readonly parser: EventParser;
  /** When bytes came, by `performance.now()`, and how many. */
  readonly reads: readonly { readonly at: number; readonly length: number }[];
  /** Whether the server ended the stream, or it was cut. */
  readonly end: 'open' | 'ended' | 'cut';
  /** The first kilobytes, for what is no stream. */
  readonly text: string;
  /** How long was listened, in milliseconds. */
  readonly ms: number;
}

const enough = 12;
const textLimit = 2048;

/** Listens for some time; stops early when enough events came over several reads. */
export function listen(response: IncomingMessage, ms: number, wanted: number = enough): Promise<Heard> {
  const parser = new EventParser();
  const reads: { at: number; length: number }[] = [];
  const started = performance.now();
  const decoder = new TextDecoder();
  let text = '';
  response.on('data', (chunk: Buffer) => reads.push({ at: performance.now(), length: chunk.length }));
  const body = decoded(response);
  return new Promise((resolve) => {
    const finish = (end: Heard['end']) => {
      clearTimeout(limit);
      resolve({ parser, reads: [...reads], end, text, ms: performance.now() - started });
    };
    // On a busy machine bytes may be there that nobody could read yet: they come before an immediate, and behind a timer.
    const limit = setTimeout(() => setImmediate(() => finish('open')), ms);
    body.on('data', (chunk: Buffer) => {
      const piece = decoder.decode(chunk, { stream: true });
      parser.push(piece, performance.now());
      if (text.length < textLimit) text = (text + piece).slice(0, textLimit);
      if (parser.events.length >= wanted && reads.length > 2) finish('open');
    });
    body.once('end', () => finish('ended'));
    body.once('error', () => finish('cut'));
    response.once('aborted', () => finish('cut'));
  });
}

function decoded(response: IncomingMessage): Readable {
  const make = decoders[response.headers['content-encoding'] ?? ''];
  return make ? response.pipe(make()) : response;
}

const decoders: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
