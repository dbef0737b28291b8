import type { TextOp } from './boundary.js';
import { applyTextDelta, diffText, mapOffset, type Splice, spliceToDelta } from './delta.js';
import type { SyncError } from './errors.js';
import { undoKey } from './history.js';
import { Hold } from './hold.js';
import { ReadingOnly } from './reading-only.js';
import type { Cursor, Text, TextEvent } from './refs.js';
import type { Room } from './room.js';
import type { Schema } from './schema.js';
import { isComposing, leaveComposing } from './text-input/composition.js';
import { lockField } from './text-input/lock.js';
import { mapAll, mapThroughEdit, toText, viewOf } from './text-input/view.js';

/** Where the user's selection begins and ends. */
type Selection = readonly [start: Cursor, end: Cursor];

/** What a menu or a shake of the device asks for. */
const HISTORY: { readonly [inputType: string]: 'undo' | 'redo' } = { historyUndo: 'undo', historyRedo: 'redo' };

/** An element a text can be bound to. */
export type TextField = HTMLInputElement | HTMLTextAreaElement;

/**
 * Keeps a text and an element equal.
 *
 *     user types    ─► diff against what was shown ─► text
 *     others type   ─► delta ─► element, caret and selection mapped through it
 *     Ctrl+Z        ─► undo of what this client did in the room; the selection comes back with it
 *     IME composes  ─► the element is left alone; others' deltas wait and the composed edit is mapped through them
 *     room crashes  ─► the same, until it is back, also where the element is gone by then
 *     room is left  ─► read-only, as where the text is deleted, or the server lets this client only read
 *     form resets   ─► what the element showed before is shown again
 */
export class TextInput {
  readonly #room: Room<Schema>;
  readonly #place: string | Text;
  readonly #readingOnly: ReadingOnly;
  readonly #stops: (() => void)[];
  /** What was typed while the room comes back from a crash. */
  readonly #held: Hold;
  /** Once stopped, one that nobody sees. */
  #element: TextField;
  #stopped = false;
  #text: Text | null = null;
  #unobserve: (() => void) | null = null;
  /** Whether the text is there no more. */
  #lost = false;
  /** Whether the room refused an edit for good. */
  #refused = false;
  /** What the text was when its last change was told. */
  #known = '';
  /** The text and what the element showed of it when they were equal the last time. */
  #shown = { text: '', value: '' };
  /** Deltas that came while the element was left alone, or null if it is in step with the text. */
  #waiting: TextOp[][] | null = null;
  #composing = false;
  #writing = false;
  /** The selection in the element before what the user is doing. */
  #before: readonly [start: number, end: number] | null = null;
  /** Makes the element writable again; null if it is. */
  #unlock: (() => void) | null = null;
  /** Shows again what a reset of the form may just have replaced; null while there was none. */
  #reset: (() => void) | null = null;

  constructor(room: Room<Schema>, place: string | Text, element: TextField) {
    this.#room = room;
    this.#held = new Hold(room);
    this.#readingOnly = new ReadingOnly(room.sync);
    this.#place = place;
    this.#element = element;
    this.#composing = isComposing(element, this.#find());
    const on = (type: string, act: (event: Event) => void): (() => void) =>
      listen(element, type, (event) => {
        this.#afterReset();
        act(event);
      });
    this.#stops = [
      room.doc.subscribe(() => this.#bind()),
      room.sync.subscribe(() => this.#heedLock()),
      on('beforeinput', (event) => this.#onBeforeInput(event as InputEvent)),
      on('input', () => this.#onInput()),
      on('keydown', (event) => this.#onKeyDown(event as KeyboardEvent)),
      on('compositionstart', () => this.#onCompositionStart()),
      on('compositionend', () => this.#onCompositionEnd()),
      // Before anybody can stop it on its way.
      listen(element.getRootNode(), 'reset', (event) => this.#onReset(event), true),
      room.history.keepSelection<Selection>({
        capture: () => this.#capture(),
        restore: (selection) => this.#restore(selection),
      }),
    ];
    this.#heedLock();
    this.#bind();
  }

  /** Lets go of the element. What was composed until now, or typed while the room comes back from a crash, is written nevertheless. */
  stop(): void {
    this.#stopped = true;
    if (this.#composing && this.#unobserve && this.#text && this.#room.isReady) {
      leaveComposing(this.#element, this.#text);
      this.#onCompositionEnd();
    }
    for (const stop of this.#stops) stop();
    this.#afterReset();
    this.#unlock?.();
    if (this.#waiting && !(this.#composing && this.#room.isReady)) this.#leaveElement();
    else this.#release();
  }

  #leaveElement(): void {
    const { ownerDocument, tagName, value } = this.#element;
    const selection = this.#selection();
    this.#element = ownerDocument.createElement(tagName) as TextField;
    this.#element.value = value;
    if (selection) this.#element.setSelectionRange(...selection);
    this.#composing = false;
  }

  #release(): void {
    this.#unobserve?.();
    this.#unobserve = null;
    this.#text = null;
    this.#refused = false;
    this.#waiting = null;
    this.#held.end();
  }

  /** Finds the text: it comes with the document and goes with it, and another one may take its place. */
  #bind(): void {
    const text = this.#find();
    if (!text) this.#lose();
    if (!text || (text === this.#text && !this.#lost)) return;
    this.#release();
    this.#lost = false;
    this.#text = text;
    const isBound = this.#attempt(() => {
      this.#known = text.toString();
      this.#unobserve = text.observe((event) => this.#onText(event));
      if (isComposing(this.#element, text)) this.#goOnComposing();
      else this.#show(this.#known, (offset) => offset);
      this.#heedLock();
    });
    // It is found once more when the room is back.
    if (!isBound && this.#waiting) this.#release();
  }

  /** The element is left alone as before; what it does not show yet waits. */
  #goOnComposing(): void {
    const { value } = this.#element;
    const missed = diffText(value, this.#known);
    this.#shown = { text: value, value };
    this.#waiting = missed ? [spliceToDelta(missed)] : [];
  }

  #find(): Text | null {
    if (typeof this.#place === 'string') return this.#room.text(this.#place);
    return this.#room.isReady && isThere(this.#place) ? this.#place : null;
  }

  /** The text is gone, or the room was left; one that comes back from a crash has its document meanwhile. */
  #lose(): void {
    const { isReady, doc } = this.#room;
    if (!this.#text || (!isReady && doc.getSnapshot() !== null)) return;
    this.#unobserve?.();
    this.#unobserve = null;
    this.#lost = true;
    this.#heedLock();
  }

  /** Makes the element read-only while what is typed would be lost, or rejected; not in mid-composition, the end of which browsers would not tell. */
  #heedLock(): void {
    if (!this.#readingOnly.is && this.#unobserve && !this.#refused) {
      this.#unlock?.();
      this.#unlock = null;
    } else if (!this.#stopped && !this.#composing) this.#unlock ??= lockField(this.#element);
  }

  #onText({ delta }: TextEvent): void {
    const before = this.#known;
    this.#known = applyTextDelta(before, delta);
    if (this.#writing) return;
    const { value } = this.#element;
    if (this.#waiting) this.#waiting.push([...delta]);
    else if (value === this.#view(this.#known)) this.#shown = { text: this.#known, value };
    else this.#show(this.#known, this.#mapping(before, delta));
  }

  #onBeforeInput(event: InputEvent): void {
    const way = HISTORY[event.inputType];
    if (way) this.#travel(event, way);
    else if (!this.#waiting) this.#before = this.#selection();
  }

  #onKeyDown(event: KeyboardEvent): void {
    const way = event.isComposing || event.defaultPrevented ? null : undoKey(event);
    if (way) this.#travel(event, way);
  }

  /** The element's own history knows nothing of what others wrote. */
  #travel(event: Event, way: 'undo' | 'redo'): void {
    event.preventDefault();
    if (!this.#element.readOnly) this.#attempt(() => this.#room.history[way]());
  }

  #selection(): readonly [start: number, end: number] | null {
    const { selectionStart, selectionEnd } = this.#element;
    return selectionStart === null || selectionEnd === null ? null : [selectionStart, selectionEnd];
  }

  #capture(): Selection | null {
    const text = this.#text;
    const selection = this.#before ?? this.#selection();
    if (!text || !selection || this.#waiting || !isFocused(this.#element)) return null;
    const at = (offset: number): Cursor => text.cursor(Math.min(this.#toText(this.#known, offset), text.length), -1);
    return [at(selection[0]), at(selection[1])];
  }

  #restore(selection: Selection): void {
    const [start, end] = selection.map((cursor) => this.#text?.resolve(cursor) ?? null) as (number | null)[];
    if (start == null || end == null || !isFocused(this.#element)) return;
    this.#element.setSelectionRange(this.#toView(this.#known, start), this.#toView(this.#known, end));
  }

  #onInput(): void {
    if (this.#waiting) return;
    this.#push([]);
    this.#before = null;
  }

  #onCompositionStart(): void {
    this.#composing = true;
    this.#before = this.#selection();
    this.#waiting ??= [];
  }

  #onCompositionEnd(): void {
    this.#composing = false;
    this.#push(this.#waiting ?? []);
    this.#before = null;
    this.#heedLock();
  }

  /** Writes what the user did to the text, moved by what others did meanwhile, and shows the result. */
  #push(waiting: readonly TextOp[][]): void {
    const { value } = this.#element;
    const caret = this.#element.selectionEnd ?? value.length;
    const edit = diffText(this.#shown.value, value, caret);
    const moved = edit && this.#moved(edit, waiting);
    const now = (offset: number): number =>
      this.#toView(this.#known, mapAll(this.#toText(this.#shown.text, offset), waiting, -1));
    this.#before &&= [now(this.#before[0]), now(this.#before[1])];
    this.#waiting = null;
    if (moved && !this.#attempt(() => this.#write(moved))) {
      this.#keep(waiting);
      return;
    }
    this.#held.end();
    if (value === this.#view(this.#known)) {
      this.#shown = { text: this.#known, value };
      return;
    }
    this.#show(this.#known, (offset) => mapThroughEdit(offset, edit, moved, waiting));
  }

  /** Where the room comes back they are still to be heeded. */
  #keep(waiting: readonly TextOp[][]): void {
    this.#waiting?.unshift(...waiting);
  }

  #moved({ at, remove, insert }: Splice, waiting: readonly TextOp[][]): Splice {
    const { text } = this.#shown;
    const start = mapAll(this.#toText(text, at), waiting, remove > 0 ? 1 : -1);
    const end = mapAll(this.#toText(text, at + remove), waiting, -1);
    return { at: start, remove: Math.max(0, end - start), insert };
  }

  #write({ at, remove, insert }: Splice): void {
    this.#writing = true;
    try {
      this.#room.batch(() => {
        if (remove > 0) this.#text?.delete(at, remove);
        if (insert) this.#text?.insert(at, insert);
      });
    } finally {
      this.#writing = false;
    }
  }

  /** A form that is reset shows its fields as they were at first; React resets one after each action. */
  #onReset({ target }: Event): void {
    if (!this.#text || target !== this.#element.form) return;
    // What was composed by now would be gone.
    if (this.#composing) this.#onCompositionEnd();
    const before = this.#element.value;
    const selection = this.#selection();
    const restore = (): void => {
      const value = this.#waiting ? before : this.#view(this.#known);
      if (this.#reset !== restore || this.#element.value === value) return;
      this.#reset = null;
      if (this.#waiting) this.#element.value = value;
      else this.#show(this.#known, (offset) => offset);
      if (selection && isFocused(this.#element)) this.#element.setSelectionRange(...selection);
    };
    this.#reset = restore;
    // Before the next frame where a script resets it; where the user does, microtasks run before the fields are changed.
    queueMicrotask(restore);
    setTimeout(() => this.#reset === restore && this.#afterReset());
  }

  /** The form has been reset by now. */
  #afterReset(): void {
    this.#reset?.();
    this.#reset = null;
  }

  /** Says whether the room took it. */
  #attempt(act: () => void): boolean {
    const { ready } = this.#room;
    try {
      act();
      return true;
    } catch (error) {
      const { code } = error as SyncError;
      const { isReady } = this.#room;
      // A room that crashed just now waits to be ready anew; where the stack overflowed it knows that a microtask later.
      const crashed = /_CRASHED$|_READY$/.test(code);
      // The `ready` of one that was left is that of before.
      if (!isReady && code === 'E_DISPOSED') this.#abandon(error);
      else if (isReady && this.#room.ready === ready && !crashed) this.#giveUp(error);
      else this.#waitForRoom();
      return false;
    }
  }

  /** What was typed stays in the element. */
  #waitForRoom(): void {
    this.#waiting ??= [];
    this.#held.begin();
    this.#room.ready.then(
      () => this.#catchUp(),
      (error: unknown) => this.#abandon(error),
    );
  }

  /** The room was left or failed: it is not to be waited for. */
  #abandon(error: unknown): void {
    this.#giveUp(error);
    this.#release();
  }

  #giveUp(error: unknown): void {
    if (!this.#text) return;
    this.#waiting = null;
    this.#held.end();
    this.#refused = true;
    this.#composing = false;
    this.#heedLock();
    this.#show(this.#known, (offset) => offset);
    this.#room.report(error);
  }

  /** The room is back: brings together what was typed and what came meanwhile. */
  #catchUp(): void {
    if (!this.#text || !this.#waiting || this.#composing) return;
    this.#reset?.();
    const missed = diffText(this.#shown.text, this.#known);
    this.#push(missed ? [spliceToDelta(missed)] : []);
    if (this.#stopped && !this.#waiting) this.#release();
  }

  #mapping(before: string, delta: readonly TextOp[]): (offset: number) => number {
    // The element may show something else than the text was, if a script changed its value.
    const inStep = this.#element.value === this.#view(before);
    if (inStep) return (offset) => this.#toView(this.#known, mapOffset(this.#toText(before, offset), delta, -1));
    const splice = diffText(this.#element.value, this.#view(this.#known));
    return (offset) => (splice ? mapOffset(offset, spliceToDelta(splice), -1) : offset);
  }

  /** Shows a text, with the selection and the scroll position where they belong. */
  #show(text: string, map: (offset: number) => number): void {
    // It may be another's by now, with a composition in it.
    if (this.#stopped) return;
    const element = this.#element;
    const { selectionStart, selectionEnd, selectionDirection, scrollTop, scrollLeft } = element;
    element.value = this.#view(text);
    this.#shown = { text, value: element.value };
    if (selectionStart !== null && selectionEnd !== null && isFocused(element)) {
      element.setSelectionRange(map(selectionStart), map(selectionEnd), selectionDirection ?? 'none');
    }
    element.scrollTop = scrollTop;
    element.scrollLeft = scrollLeft;
  }

  /** A text as the element can show it. */
  #view(text: string): string {
    return viewOf(text, this.#element.tagName === 'INPUT');
  }

  /** Where in the text an offset of the element lies. */
  #toText(text: string, offset: number): number {
    return toText(text, offset, this.#element.tagName === 'INPUT');
  }

  /** Where in the element an offset of the text lies. */
  #toView(text: string, offset: number): number {
    return this.#view(text.slice(0, offset)).length;
  }
}

function listen(target: EventTarget, type: string, fn: (event: Event) => void, capture = false): () => void {
  target.addEventListener(type, fn, capture);
  return () => target.removeEventListener(type, fn, capture);
}

/** One that was deleted throws. */
function isThere(text: Text): boolean {
  try {
    return text.length >= 0;
  } catch {
    return false;
  }
}

function isFocused(element: TextField): boolean {
  return (element.getRootNode() as Document | ShadowRoot).activeElement === element;
}
