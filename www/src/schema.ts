import { type Cursor, defineSchema, type Room, type StandardSchemaV1, t } from 'rejoin';

/** Where somebody's caret is; both ends survive concurrent edits. */
export interface Caret {
  readonly anchor: Cursor;
  readonly head: Cursor;
}

/** What everybody shows the others. */
export interface Presence {
  readonly user: { readonly id: string; readonly name: string; readonly color: string };
  readonly caret: Caret | null;
}

const LONGEST_NAME = 40;
const NEUTRAL = '#6b7280';

/** Others may run anything: whatever they send becomes a name, a colour and a place, or is left out. */
const presence: StandardSchemaV1<unknown, Presence> = {
  '~standard': {
    version: 1,
    vendor: 'rejoin-demo',
    validate: (value) =>
      isRecord(value) ? { value: readPresence(value) } : { issues: [{ message: 'not an object' }] },
  },
};

function readPresence(value: Record<string, unknown>): Presence {
  const user = isRecord(value.user) ? value.user : {};
  const name = typeof user.name === 'string' ? tidyName(user.name) : '';
  const color = typeof user.color === 'string' && /^#[0-9a-f]{6}$/i.test(user.color) ? user.color : NEUTRAL;
  const id = typeof user.id === 'string' ? user.id.slice(0, 64) : '';
  return { user: { id, name: name || 'Somebody', color }, caret: readCaret(value.caret) };
}

function readCaret(value: unknown): Caret | null {
  if (!isRecord(value)) return null;
  const { anchor, head } = value;
  return isCursor(anchor) && isCursor(head) ? { anchor, head } : null;
}

function isCursor(value: unknown): value is Cursor {
  return isRecord(value) && typeof value['~cursor'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name as it may be shown: one line, no control or direction characters, not endless. */
export function tidyName(name: string): string {
  const plain = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replaceAll(/\s+/g, ' ');
  return [...plain.trim()].slice(0, LONGEST_NAME).join('');
}

const todo = { id: t.string(), text: t.text(), done: t.boolean() };

/** Fields of a task. */
export type TodoFields = typeof todo;

/** Shape of the document and of presence. */
export const schema = defineSchema({
  doc: { note: t.text(), todos: t.list(t.object(todo)) },
  presence,
});

/** The room of this page. */
export type DemoRoom = Room<typeof schema>;

declare module 'rejoin' {
  interface Register {
    schema: typeof schema;
  }
}
