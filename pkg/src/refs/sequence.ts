import { SyncError } from '../errors.js';
import { jsonText } from '../plain.js';
import type { Prelim } from '../prelim.js';
import { Part } from './part.js';
import { count } from './place.js';

/** What a list and the nodes of XML have in common. */
export abstract class Sequence extends Part {
  get length(): number {
    const { host, type } = this.place;
    return host.read((core, room) => core.lengthOf(room, type));
  }

  at(index: number): unknown {
    const found = this.found(count(index, 'the index'));
    if (found !== undefined) return found;
    throw new SyncError('E_INVALID_ARGUMENT', `no item at ${index} of a list of ${this.length}`);
  }

  push(...values: unknown[]): void {
    this.insert(this.length, ...values);
  }

  insert(index: number, ...values: unknown[]): void {
    if (values.length > 0) this.#insert(index, this.prelims(values, count(index, 'the index')));
  }

  delete(index: number, items = 1): void {
    const { host, type } = this.place;
    host.write((core, room) => core.listDelete(room, type, count(index, 'the index'), count(items, 'the count')));
  }

  move(from: number, to: number): void {
    const { host, type } = this.place;
    host.write((core, room) => core.listMove(room, type, count(from, 'the index'), count(to, 'the index')));
  }

  /** Other items instead of all there are. */
  replace(prelim: Prelim): void {
    const items = 'l' in prelim ? prelim.l : 'f' in prelim ? prelim.f : [];
    this.place.host.batch(() => {
      if (this.length > 0) this.delete(0, this.length);
      if (items.length > 0) this.#insert(0, items);
    });
  }

  #insert(index: number, prelims: readonly Prelim[]): void {
    const { host, type } = this.place;
    const json = jsonText(prelims, 'the values');
    host.write((core, room) => core.listInsert(room, type, count(index, 'the index'), json));
  }

  /** The live item or plain value at an index, or undefined. */
  abstract found(index: number): unknown;

  /** Checks items that are to be inserted at an index. */
  protected abstract prelims(values: unknown[], index: number): Prelim[];
}
