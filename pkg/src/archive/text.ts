import type { Attributes, Embed } from '../boundary.js';
import { SyncError } from '../errors.js';
import { fingerprint, isObject, type Json, own } from '../json.js';
import type { TextRun } from '../refs.js';
import { checkEntries, checkValue } from './limits.js';
import { compare } from './tokens.js';
import type { TextStep } from './types.js';

/** A text in an export. */
export type TextJson = string | readonly TextRun[];

/** Words, spaces, and single characters between them. */
const TOKENS = /[\p{L}\p{N}_]+|\s+|./gsu;
const NO_MARKS: Attributes = Object.freeze({});

/** A text as an export has it: runs only where there is more than characters. */
export function textJson(runs: readonly TextRun[]): TextJson {
  const plain = runs.every(({ insert, attributes }) => typeof insert === 'string' && !attributes);
  return plain ? plainText(runs) : runs;
}

/** Its characters; an object is one U+FFFC. */
export function plainText(text: TextJson): string {
  if (typeof text === 'string') return text;
  return text.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('');
}

/**
 * An imported text, if it is one.
 * @throws SyncError `E_SCHEMA` that names the place.
 */
export function checkText(value: Json, place: string): TextJson {
  const runs = (Array.isArray(value) ? value : [{ insert: value }]) as readonly Json[];
  const wrong = runs.some((run) => {
    if (!isObject(run)) return true;
    const { insert, attributes } = run;
    return !(typeof insert === 'string' || isObject(insert)) || !(attributes === undefined || isObject(attributes));
  });
  if (wrong) throw new SyncError('E_SCHEMA', `${place} is to be a string or a list of { insert, attributes? }`);
  for (const { insert, attributes = NO_MARKS } of runs as unknown as readonly TextRun[]) {
    checkValue(insert, place);
    checkEntries(attributes, place, checkValue);
  }
  return value as unknown as TextJson;
}

/** The delta that makes one text another, word by word; empty if they are equal. */
export function compareTexts(before: TextJson, after: TextJson): TextStep[] {
  const [a, b] = [plainText(before), plainText(after)];
  const [words, others] = [a.match(TOKENS) ?? [], b.match(TOKENS) ?? []];
  const [old, next] = [new Runs(before), new Runs(after)];
  const delta = new Delta();
  let [at, to] = [0, 0];
  const units = (tokens: readonly string[], from: number, count: number): number =>
    tokens.slice(from, from + count).reduce((sum, { length }) => sum + length, 0);
  for (const stretch of compare(words, others)) {
    const [gone, come] = 'same' in stretch ? [stretch.same, stretch.same] : [stretch.gone, stretch.come];
    const [left, right] = [units(words, at, gone), units(others, to, come)];
    if ('same' in stretch) keep(delta, old, next, left);
    else replace(delta, old, next, left, right);
    at += gone;
    to += come;
  }
  return delta.steps();
}

/** The same characters, perhaps with other marks; objects may be others. */
function keep(delta: Delta, old: Runs, next: Runs, units: number): void {
  for (let left = units; left > 0; ) {
    const length = Math.min(left, old.left, next.left);
    const [from, to] = [old.take(length), next.take(length)];
    if (samePiece(from.insert, to.insert)) delta.retain(length, marks(from.attributes, to.attributes));
    else {
      delta.insert(to);
      delta.delete(length);
    }
    left -= length;
  }
}

function replace(delta: Delta, old: Runs, next: Runs, gone: number, come: number): void {
  for (let left = come; left > 0; ) {
    const length = Math.min(left, next.left);
    delta.insert(next.take(length));
    left -= length;
  }
  old.skip(gone);
  delta.delete(gone);
}

function samePiece(a: string | Embed, b: string | Embed): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : fingerprint(a) === fingerprint(b);
}

/** What makes marks others: `null` for those that go. */
function marks(from: Attributes = NO_MARKS, to: Attributes = NO_MARKS): Attributes | null {
  const changed: [string, Json][] = [];
  for (const name of Object.keys(from)) if (own(to, name) === undefined) changed.push([name, null]);
  for (const [name, value] of Object.entries(to)) {
    const before = own(from, name);
    if (before === undefined || fingerprint(before) !== fingerprint(value)) changed.push([name, value]);
  }
  return changed.length > 0 ? Object.fromEntries(changed) : null;
}

/** Reads runs piece by piece. */
class Runs {
  readonly #runs: readonly TextRun[];
  #at = 0;
  #offset = 0;

  constructor(text: TextJson) {
    this.#runs = (typeof text === 'string' ? [{ insert: text }] : text).filter(({ insert }) => insert !== '');
  }

  /** Units of the current run that were not taken; where all is taken, none. */
  get left(): number {
    const insert = this.#runs[this.#at]?.insert ?? '';
    return (typeof insert === 'string' ? insert.length : 1) - this.#offset;
  }

  take(units: number): TextRun {
    const { insert, attributes } = this.#runs[this.#at] as TextRun;
    const piece = typeof insert === 'string' ? insert.slice(this.#offset, this.#offset + units) : insert;
    this.skip(units);
    return attributes ? { insert: piece, attributes } : { insert: piece };
  }

  skip(units: number): void {
    for (let left = units; left > 0; ) {
      const length = Math.min(left, this.left);
      this.#offset += length;
      left -= length;
      if (this.left > 0) continue;
      this.#at++;
      this.#offset = 0;
    }
  }
}

/** A delta in the making; what is kept at the end goes without saying. */
class Delta {
  readonly #steps: TextStep[] = [];
  #kept = 0;

  retain(units: number, attributes: Attributes | null): void {
    if (!attributes) {
      this.#kept += units;
      return;
    }
    this.#flush();
    this.#steps.push({ retain: units, attributes });
  }

  insert(run: TextRun): void {
    this.#flush();
    this.#steps.push(run);
  }

  delete(units: number): void {
    if (units === 0) return;
    this.#flush();
    this.#steps.push({ delete: units });
  }

  steps(): TextStep[] {
    return this.#steps;
  }

  #flush(): void {
    if (this.#kept > 0) this.#steps.push({ retain: this.#kept });
    this.#kept = 0;
  }
}
