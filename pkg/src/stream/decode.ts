import { wordsOf } from '../errors.js';
import type { StandardSchemaV1 } from '../schema.js';
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
  const result = schema['~standard'].validate(value);
  if (typeof result !== 'object' || result === null) return { problem: 'could not be checked' };
  if (result instanceof Promise) return { problem: 'is checked by an asynchronous schema, which is not supported' };
  const { issues, value: output } = result as { issues?: readonly { message?: string }[]; value?: unknown };
  if (!issues) return { value: output };
  return { problem: `is not what its schema says: ${issues.map(({ message }) => message).join('; ')}` };
}
