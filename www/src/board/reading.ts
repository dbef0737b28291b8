import type { StandardSchemaV1 } from 'rejoin';

/** The new value of one key. */
export interface Reading {
  readonly key: string;
  readonly value: number;
}

/** Events are checked: a server may send anything. */
export const reading: StandardSchemaV1<unknown, Reading> = {
  '~standard': {
    version: 1,
    vendor: 'rejoin-demo',
    validate: (value) => (isReading(value) ? { value } : { issues: [{ message: 'not a key with a value' }] }),
  },
};

function isReading(value: unknown): value is Reading {
  if (typeof value !== 'object' || value === null) return false;
  const { key, value: number } = value as Partial<Reading>;
  return typeof key === 'string' && typeof number === 'number';
}
