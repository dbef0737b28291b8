import type { StandardSchemaV1 } from 'rejoin';
import { isRecord, readUser, type User } from '../user';

/** What is said in the chat room. The author goes along: who wrote it may have left long ago. */
export interface Said {
  readonly author: User;
  readonly text: string;
}

/** Longest message, in characters. */
export const LONGEST = 2_000;

/** Others may run anything: whatever they send becomes a message, or is left out. */
export const said: StandardSchemaV1<unknown, Said> = {
  '~standard': { version: 1, vendor: 'rejoin-demo', validate },
};

function validate(value: unknown): { value: Said } | { issues: { message: string }[] } {
  if (!isRecord(value) || typeof value.text !== 'string') return { issues: [{ message: 'not a message' }] };
  if (value.text.length > LONGEST) return { issues: [{ message: `longer than ${LONGEST} characters` }] };
  return { value: { author: readUser(value.author), text: value.text } };
}
