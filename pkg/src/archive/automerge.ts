import { SyncError } from '../errors.js';
import type { Json } from '../json.js';
import { isObject, setOwn } from '../json.js';
import { objectOf, refusal } from '../plain.js';
import type { TextRun } from '../refs.js';
import type { Fields, SchemaNode } from '../schema.js';
import { t } from '../schema.js';
import { innerOf } from './compare.js';
import { textJson } from './text.js';
import type { AutomergeImport, AutomergeModule } from './types.js';

type Path = readonly (string | number)[];

/** What an Automerge document shows, as an export of a document with these fields would have it. */
export function readAutomerge(given: unknown, fields: Fields, options: AutomergeImport): Json {
  const { automerge, convert = plain } = objectOf(options, 'the options') as AutomergeImport;
  if (typeof automerge?.load !== 'function' || typeof automerge.spans !== 'function') {
    throw refusal(automerge, 'options.automerge', 'the module @automerge/automerge, of version 2.2 or later');
  }
  const document = given instanceof Uint8Array ? load(automerge, given) : given;
  if (!automerge.isAutomerge(document)) throw refusal(given, 'the document', 'of Automerge, or its saved bytes');
  return new Reader(automerge, document, convert).read(document, t.object(fields)['~node'], []);
}

class Reader {
  readonly #automerge: AutomergeModule;
  readonly #document: unknown;
  readonly #convert: (value: Date | Uint8Array | bigint) => Json;

  constructor(automerge: AutomergeModule, document: unknown, convert: (value: Date | Uint8Array | bigint) => Json) {
    this.#automerge = automerge;
    this.#document = document;
    this.#convert = convert;
  }

  /** A value at a path; what the schema does not know of is read as plain JSON. */
  read(value: unknown, node: SchemaNode | undefined, path: Path): Json {
    if (typeof value === 'string') return node?.kind === 'text' ? this.#text(path) : value;
    if (typeof value === 'bigint') return isSafe(value) ? Number(value) : this.#convert(value);
    if (value instanceof Date || value instanceof Uint8Array) return this.#convert(value);
    if (Array.isArray(value)) {
      const item = node?.kind === 'list' ? node.item['~node'] : undefined;
      return value.map((inner, index) => this.read(inner, item, [...path, index]));
    }
    if (!isObject(value)) return value as Json;
    if (!isMap(value)) return scalar(value);
    const out = {};
    for (const [key, inner] of Object.entries(value)) {
      const type = node && innerOf(node, key);
      setOwn(out, key, this.read(inner, type?.['~node'], [...path, key]));
    }
    return out;
  }

  /** Marks by their names; a block is an object in the text, as it is one character in Automerge's. */
  #text(path: Path): Json {
    const runs = this.#automerge.spans(this.#document as never, [...path]).map(({ type, value, marks }) => {
      const insert = type === 'text' ? value : this.read(value, undefined, []);
      return marks ? { insert, attributes: this.read(marks, undefined, []) } : { insert };
    });
    return textJson(runs as TextRun[]) as Json;
  }
}

function load(automerge: AutomergeModule, bytes: Uint8Array): unknown {
  try {
    return automerge.load(bytes);
  } catch (cause) {
    throw new SyncError('E_UPDATE', 'these bytes are no Automerge document', { cause });
  }
}

function isMap(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Unsigned integers come as this, however small. */
function isSafe(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}

/** Counters have a `value`, strings that do not merge a `val`. */
function scalar(value: { readonly value?: Json | undefined; readonly val?: Json | undefined }): Json {
  return value.value ?? value.val ?? null;
}

/** As JSON is usually made of it. */
function plain(value: Date | Uint8Array | bigint): Json {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return Number(value);
  return btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(''));
}
