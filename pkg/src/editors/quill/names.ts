import { type Knows, OBJECT } from './ops.js';
import { nameOf, type QuillLike, type QuillOp } from './types.js';

/** Embeds in Quill's own sense that stand for no object: an empty line, and where a caret with a format is. */
const FILLERS = ['break', 'cursor'];

/** What a class of an embed has, and no other format. */
interface EmbedClass {
  readonly prototype?: { readonly position?: unknown; readonly format?: unknown };
}

/** Which formats and objects a Quill can show: those registered, without those that failed here. */
export class Names implements Knows {
  readonly #scroll: QuillLike['scroll'];
  readonly #failed = new Set<string>();

  constructor({ scroll }: QuillLike) {
    this.#scroll = scroll;
  }

  mark(name: string): boolean {
    return !this.#failed.has(name) && this.#scroll.query(name) != null && !this.#isEmbed(name);
  }

  /** Blocks and marks are no objects, though Quill makes something of their names. */
  object(name: string): boolean {
    return !this.#failed.has(name) && !FILLERS.includes(name) && this.#isEmbed(name);
  }

  /** Looks for the objects of a change that Quill cannot make, as a formula without KaTeX. Says whether there are any. */
  blameObjects(change: readonly QuillOp[]): boolean {
    return this.#blame(
      objectsOf(change)
        .filter((object) => !this.#isMakeable(object))
        .flatMap(namesOf),
    );
  }

  /** Takes all that a change names for the cause. Says whether that is new. */
  blameAll(change: readonly QuillOp[]): boolean {
    const marks = change.map(({ attributes = {} }) => attributes);
    return this.#blame([...objectsOf(change).flatMap(namesOf), ...marks.flatMap(Object.keys)]);
  }

  /** The same content without what failed. */
  without(content: readonly QuillOp[]): QuillOp[] {
    return content.map(({ insert, attributes = {} }) => {
      const marks = Object.entries(attributes).filter(([name]) => !this.#failed.has(name));
      const isGone = typeof insert === 'object' && this.#failed.has(nameOf(insert) ?? '');
      return {
        ...(insert !== undefined && { insert: isGone ? OBJECT : insert }),
        ...(marks.length > 0 && { attributes: Object.fromEntries(marks) }),
      };
    });
  }

  #blame(names: readonly string[]): boolean {
    const before = this.#failed.size;
    for (const name of names) this.#failed.add(name);
    return this.#failed.size > before;
  }

  #isEmbed(name: string): boolean {
    const { position, format } = (this.#scroll.query(name) as EmbedClass | null)?.prototype ?? {};
    return position !== undefined && format !== undefined;
  }

  #isMakeable(object: Record<string, unknown>): boolean {
    try {
      for (const name of namesOf(object)) this.#scroll.create(name, object[name]);
      return true;
    } catch {
      return false;
    }
  }
}

function objectsOf(change: readonly QuillOp[]): Record<string, unknown>[] {
  return change.flatMap(({ insert }) => (typeof insert === 'object' ? [insert] : []));
}

function namesOf(object: Record<string, unknown>): string[] {
  return [nameOf(object) ?? []].flat();
}
