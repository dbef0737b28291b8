import { isObject, own } from '../json.js';
import type { Other } from '../presence.js';
import type { Cursor, Text } from '../refs.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { TextFollower } from './follower.js';

/**
 * Where somebody's selection is, as presence carries it: about 150 bytes. Both ends survive concurrent edits.
 * @example
 * const nowhere: { caret: SharedCaret | null } = { caret: null };
 */
export interface SharedCaret {
  /** Which text it is in. */
  readonly text: string;
  /** Where it begins. */
  readonly anchor: Cursor;
  /** Where it ends, and the caret is. */
  readonly head: Cursor;
}

/** Somebody, as the others see them beside the caret. */
export interface CaretOwner {
  /** Shown as text, its first 40 letters. */
  readonly name: string;
  /** Any colour of CSS; what is none is shown grey. */
  readonly color: string;
}

/**
 * How carets go by presence.
 * @example
 * const carets: CaretOptions<{ caret: SharedCaret | null; user: CaretOwner }> = { owner: ({ presence }) => presence.user };
 */
export interface CaretOptions<P> {
  /** The member of presence in which everybody's caret is, a {@link SharedCaret} or null; default `caret`. */
  readonly field?: (keyof P & string) | undefined;
  /** Who somebody is. Default: `name` and `color` of their `info`, else of their presence, else of its `user`. */
  readonly owner?: ((other: Other<P>) => CaretOwner) | undefined;
}

/** Somebody's selection in a text, in its UTF-16 units. */
export interface OtherCaret extends CaretOwner {
  readonly connectionId: number;
  readonly anchor: number;
  readonly head: number;
}

/** Most letters of a name. */
const LONGEST_NAME = 40;
const NOBODY: CaretOwner = { name: '', color: '#6b7280' };

/** The own caret in a text and those of the others, by presence. */
export class SharedCarets {
  readonly #room: Room<Schema>;
  readonly #place: string | Text;
  readonly #follower: TextFollower;
  readonly #field: string;
  #name: string | undefined;
  /** The text that the own caret was shown in last: when an editor goes its text may be gone before. */
  #shownIn: string | undefined;
  readonly #owner: (other: Other<unknown>) => CaretOwner;

  constructor(room: Room<Schema>, place: string | Text, follower: TextFollower, options: CaretOptions<unknown>) {
    this.#room = room;
    this.#place = place;
    this.#follower = follower;
    this.#field = options.field ?? 'caret';
    this.#owner = options.owner ?? ownerOf;
  }

  /** Hears when others moved. Returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    return this.#room.presence.others.subscribe(listener);
  }

  /** Shows the others where the own selection is; null: nowhere in this text. */
  publish(selection: { readonly anchor: number; readonly head: number } | null): void {
    const caret = selection && this.#follower.read((text) => this.#caretIn(text, selection.anchor, selection.head));
    // Another text of the app may have it by now.
    if (!caret && !this.#isHere()) return;
    if (caret) this.#shownIn = caret.text;
    try {
      this.#room.presence.update({ [this.#field]: caret });
    } catch {
      // The room is on its way back: the next movement tells the place.
    }
  }

  /** Those of the others that lie in this text. */
  others(): readonly OtherCaret[] {
    if (!this.#follower.text) return [];
    const text = this.#id();
    return this.#room.presence.others.getSnapshot().flatMap((other) => {
      const caret = isObject(other.presence) ? own(other.presence, this.#field) : null;
      if (!isSharedCaret(caret) || caret.text !== text) return [];
      const [anchor, head] = [this.#offset(caret.anchor), this.#offset(caret.head)];
      if (anchor === null || head === null) return [];
      return [{ ...this.#whoIs(other), connectionId: other.connectionId, anchor, head }];
    });
  }

  /** Whether the own caret is shown in this text. */
  #isHere(): boolean {
    const self = this.#room.presence.self.getSnapshot();
    const caret = isObject(self) ? own(self, this.#field) : null;
    return isSharedCaret(caret) && caret.text === (this.#shownIn ?? this.#id());
  }

  #caretIn(text: Text, anchor: number, head: number): SharedCaret {
    const at = (offset: number, assoc: -1 | 1): Cursor => text.cursor(Math.min(offset, text.length), assoc);
    // What is inserted at the edges of a selection stays outside of it.
    const inward = head < anchor ? 1 : -1;
    const id = this.#id();
    if (anchor === head) return { text: id, anchor: at(head, 1), head: at(head, 1) };
    return { text: id, anchor: at(anchor, inward === 1 ? -1 : 1), head: at(head, inward) };
  }

  #offset(cursor: Cursor): number | null {
    return this.#follower.read((text) => text.resolve(cursor));
  }

  /** What others show may be anything, also what the app's function cannot bear. */
  #whoIs(other: Other<unknown>): CaretOwner {
    try {
      const { name, color } = this.#owner(other);
      return { name: typeof name === 'string' ? name.slice(0, LONGEST_NAME) : '', color: colorOf(color) };
    } catch {
      return NOBODY;
    }
  }

  /** The same for all clients: its name at the top of the document, else its type id. */
  #id(): string {
    if (typeof this.#place === 'string' && !this.#place.includes('.')) return `r/${this.#place}`;
    const { text } = this.#follower;
    const type = text?.['~type'];
    if (type || !text) return type ?? '';
    // It was asked for early, at the top: its name does not change.
    this.#name ??= this.#nameAtTop(text);
    return `r/${this.#name ?? ''}`;
  }

  #nameAtTop(text: Text): string | undefined {
    const { root, doc } = this.#room;
    const names = Object.keys(doc.getSnapshot() ?? {}) as never[];
    try {
      return names.find((name) => root.get(name) === text);
    } catch {
      // The room is on its way back.
      return undefined;
    }
  }
}

function isSharedCaret(value: unknown): value is SharedCaret {
  return isObject(value) && typeof value.text === 'string' && isCursor(value.anchor) && isCursor(value.head);
}

function isCursor(value: unknown): value is Cursor {
  return isObject(value) && typeof value['~cursor'] === 'string';
}

function ownerOf({ info, presence }: Other<unknown>): CaretOwner {
  const user = isObject(presence) ? presence.user : null;
  const said = [info, presence, user].find((value) => isObject(value) && typeof value.name === 'string');
  return { ...NOBODY, ...(said as CaretOwner | undefined) };
}

/** A colour that can be written into a style, whatever somebody sent. */
function colorOf(color: unknown): string {
  return typeof color === 'string' && color.length <= 64 && CSS.supports('color', color) ? color : NOBODY.color;
}
