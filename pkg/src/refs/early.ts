import type { Json } from '../json.js';
import type { PipeOptions } from '../refs.js';
import type { SchemaNode } from '../schema.js';
import type { Store } from '../store.js';
import { partStore } from './part-store.js';

/** What a live part that is not there yet needs. */
export interface EarlyHost {
  /** Snapshots of the document. */
  readonly doc: Store<unknown>;
  /** The live part itself; throws what the room throws while it takes no calls. */
  real(): EarlyPart;
  /** Resolves when the room takes calls. */
  whenReady(): Promise<void>;
}

/** Any live part, by the names of its members. */
export interface EarlyPart {
  readonly length: number;
  readonly snapshot: Store<unknown>;
  readonly [method: string]: unknown;
}

const SEQUENCE = 'at push insert delete move replace';

/** What is called of the parts that a document may have at its top. */
export const METHODS: { readonly [kind in SchemaNode['kind']]?: string } = {
  text: 'insert delete format insertEmbed toDelta applyDelta replace applyDiff toString cursor resolve',
  xml: SEQUENCE,
  list: SEQUENCE,
  map: 'get set delete keys replace',
  object: 'get set update replace',
};

/** A live part that is asked for before its code is there: each call goes to the part itself, or says why there is none yet. */
export function earlyPart(kind: SchemaNode['kind'], { doc, real, whenReady }: EarlyHost): object {
  const part = {};
  const call = (name: string, given: unknown[]): unknown => {
    const live = real();
    return (live[name] as (...given: unknown[]) => unknown).apply(live, given);
  };
  for (const name of `${METHODS[kind]} observe observeDeep`.split(' ')) {
    Object.defineProperty(part, name, { value: (...given: unknown[]) => call(name, given) });
  }
  const snapshot = partStore(doc, () => real().snapshot.getSnapshot() as Json);
  Object.defineProperty(part, 'snapshot', { value: snapshot });
  if (kind !== 'map' && kind !== 'object') Object.defineProperty(part, 'length', { get: () => real().length });
  if (kind === 'text') {
    const pipeFrom = async (source: AsyncIterable<string>, options: PipeOptions = {}): Promise<unknown> => {
      // Whatever comes first, the text knows what is to be done about it, and tells the source.
      await Promise.race([whenReady(), aborted(options.signal)]).catch(() => {});
      return call('pipeFrom', [source, options]);
    };
    Object.defineProperty(part, 'pipeFrom', { value: pipeFrom });
  }
  return part;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve());
  });
}
