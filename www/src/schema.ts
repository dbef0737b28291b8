import { type Cursor, defineSchema, type Room, type StandardSchemaV1, t } from 'rejoin';
import type { SharedCaret } from 'rejoin/codemirror';
import { cardFields } from './cards/card';
import { type Box, type Point, readBox, readPoint, shapeFields } from './draw/shape';
import { said } from './talk/message';
import { isRecord, readUser, type User } from './user';

/** A shape that somebody is just moving, and where it is. */
export interface Held extends Box {
  readonly id: string;
}

/** What everybody shows the others. */
export interface Presence {
  readonly user: User;
  readonly caret: SharedCaret | null;
  /** Where the hand is on the whiteboard. */
  readonly pointer: Point | null;
  readonly held: Held | null;
}

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
  const { user, caret, pointer, held } = value;
  return { user: readUser(user), caret: readCaret(caret), pointer: readPoint(pointer), held: readHeld(held) };
}

function readHeld(value: unknown): Held | null {
  const box = readBox(value);
  return box && isRecord(value) && typeof value.id === 'string' ? { ...box, id: value.id } : null;
}

function readCaret(value: unknown): SharedCaret | null {
  if (!isRecord(value)) return null;
  const { text, anchor, head } = value;
  return typeof text === 'string' && isCursor(anchor) && isCursor(head) ? { text, anchor, head } : null;
}

function isCursor(value: unknown): value is Cursor {
  return isRecord(value) && typeof value['~cursor'] === 'string';
}

const todo = { id: t.string(), text: t.text(), done: t.boolean() };

/** Fields of a task. */
export type TodoFields = typeof todo;

/** Shape of the document, of presence and of what is said in the chat room. */
export const schema = defineSchema({
  doc: {
    note: t.text(),
    page: t.text(),
    todos: t.list(t.object(todo)),
    cards: t.list(t.object(cardFields)),
    shapes: t.list(t.object(shapeFields)),
  },
  presence,
  messages: said,
});

/** The room of this page. */
export type DemoRoom = Room<typeof schema>;

declare module 'rejoin' {
  interface Register {
    schema: typeof schema;
  }
}
