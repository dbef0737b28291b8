import { wordsOf } from '../errors.js';
import { type StandardSchemaV1, validate } from '../schema.js';
import type { EventKind, EventKinds } from '../stream.js';

/** A value, or what is wrong with the data. */
export type Decoded = { readonly value: unknown } | { readonly problem: string };

/** How the data of an event is read. */
export function decoderOf(kinds: EventKinds | undefined, name: string): (data: string) => Decoded {
  const kind: EventKind = (kinds && Object.hasOwn(kinds, name) && kinds[name]) || 'text';
  if (kind === 'text') return (value) => ({ value });
  return (data) => {
    const json = parse(data);
    return kind === 'json' || 'problem' in json ? json : check(kind, json.value);
  };
}

function parse(data: string): Decoded {
  try {
    return { value: JSON.parse(data) as unknown };
  } catch (error) {
    return { problem: `is not JSON: ${wordsOf(error)}` };
  }
}

function check(schema: StandardSchemaV1, value: unknown): Decoded {
  const result = validate(schema, value);
  return 'issues' in result ? { problem: `is not what its schema says: ${result.issues}` } : result;
}
