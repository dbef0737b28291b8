import type { Embed } from '../../boundary.js';

/** One step of a Quill delta. */
export interface QuillOp {
  readonly insert?: string | Record<string, unknown>;
  readonly delete?: number;
  readonly retain?: number | Record<string, unknown>;
  readonly attributes?: Record<string, unknown>;
}

/**
 * What is used of Quill's `Delta`.
 * @example
 * const isEmpty = (delta: QuillDelta) => delta.length() === 0;
 */
export interface QuillDelta {
  readonly ops: QuillOp[];
  length(): number;
}

/** What is used of a `Delta` that Quill hands out. */
export interface FullDelta extends QuillDelta {
  compose(other: FullDelta): FullDelta;
  transform(other: FullDelta, priority: boolean): FullDelta;
}

/** Where a stretch is shown, in pixels from the container's corner. */
export interface QuillBounds {
  readonly left: number;
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

/** A selection. */
export interface QuillRange {
  readonly index: number;
  readonly length: number;
}

/**
 * What is used of a Quill editor (2.x): its instance is handed in, the package imports none.
 * @example
 * const lengthOf = (quill: QuillLike) => quill.getLength();
 */
export interface QuillLike {
  readonly root: HTMLElement;
  readonly container: HTMLElement;
  readonly scroll: { query(name: string): unknown; create(name: string, value?: unknown): unknown };
  getContents(): QuillDelta;
  getLength(): number;
  updateContents(delta: never, source?: 'api'): unknown;
  setContents(delta: never, source?: 'api'): unknown;
  update(source?: 'user'): void;
  getSelection(): QuillRange | null;
  setSelection(index: number, length?: number, source?: 'api'): void;
  getBounds(index: number, length?: number): QuillBounds | null;
  getLeaf(index: number): [leaf: { readonly domNode: Node } | null, offset: number];
  getModule(name: string): unknown;
  enable(enabled?: boolean): void;
  isEnabled(): boolean;
  on(event: 'editor-change', handler: (name: string, ...args: unknown[]) => void): unknown;
  off(event: 'editor-change', handler: (name: string, ...args: unknown[]) => void): unknown;
}

/** What Quill has of an object: the first name decides what it is. */
export function nameOf(embed: Embed | Record<string, unknown>): string | undefined {
  return Object.keys(embed)[0];
}
