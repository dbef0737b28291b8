import type { Algebra } from '../alignment.js';
import type { FullDelta, QuillDelta, QuillOp } from './types.js';

/** How Quill's deltas combine. */
export const deltas: Algebra<FullDelta, FullDelta> = {
  compose: (first, second) => first.compose(second),
  rebase: (change, other, side) => other.transform(change, side === 'behind'),
  apply: (content, change) => content.compose(change),
  isEmpty: ({ ops }) => ops.every(({ retain, attributes }) => typeof retain === 'number' && !attributes),
};

/** A delta of the same class as one that Quill handed out: none is imported. */
export function like(sample: QuillDelta, ops: readonly QuillOp[]): FullDelta {
  return new (sample.constructor as new (ops: readonly QuillOp[]) => FullDelta)(ops);
}
