import { button, element, setAttribute, setChildren, setText } from './element.js';

/** Most parts of one level that are shown before somebody asks for more. */
const PAGE = 100;
/** Most letters of a text on a line, and of one that is opened. */
const LINE = 80;
/** Most letters of a text among an object's fields, and most fields that are named. */
const FIELD = 20;
const MOST_FIELDS = 5;
const MOST_LETTERS = 10_000;

/**
 * JSON as a tree that opens. Each level is made when it is opened, a hundred parts at a time, and of a new value only what
 * changed is touched: snapshots keep the parts that did not.
 */
export class Tree {
  readonly element: HTMLElement;
  readonly #label: HTMLElement = element('span', { class: 'value' });
  readonly #body: HTMLElement = element('ul');
  readonly #parts = new Map<string, Tree>();
  readonly #more: HTMLButtonElement = button('', () => this.#showMore());
  readonly #last: HTMLElement = element('li', {}, this.#more);
  #shown = PAGE;
  #value: unknown;

  constructor(name: string, value: unknown, open = false) {
    this.#value = value;
    const key = name && element('span', { class: 'key' }, name);
    if (hasMore(value)) {
      const details = element(
        'details',
        {},
        element('summary', {}, ...(key ? [key, ': '] : []), this.#label),
        this.#body,
      );
      details.addEventListener('toggle', () => this.#fill());
      details.open = open;
      this.element = details;
    } else {
      this.element = element('div', { class: 'leaf' }, ...(key ? [key, ': '] : []), this.#label);
    }
    this.#describe();
    if (open) this.#fill();
  }

  /** Whether it can show this value as it is; another kind of value needs another tree. */
  fits(value: unknown): boolean {
    return kindOf(value) === kindOf(this.#value) && hasMore(value) === hasMore(this.#value);
  }

  set(value: unknown): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#describe();
    this.#fill();
  }

  get #isOpen(): boolean {
    return this.element instanceof HTMLDetailsElement && this.element.open;
  }

  #describe(): void {
    setText(this.#label, brief(this.#value));
    setAttribute(this.#label, 'data-kind', kindOf(this.#value));
  }

  /** What was opened stays up to date while it is open, and is caught up with when it is opened again. */
  #fill(): void {
    if (!this.#isOpen) return;
    if (typeof this.#value === 'string') {
      setChildren(this.#body, [this.#body.firstChild ?? element('li', { class: 'text' })]);
      setText(this.#body.firstChild as Node, this.#value.slice(0, MOST_LETTERS));
      return;
    }
    const keys = Object.keys(this.#value as object);
    const seen = keys.slice(0, this.#shown);
    for (const key of this.#parts.keys()) if (!seen.includes(key)) this.#parts.delete(key);
    const items = seen.map((key) => this.#item(key, (this.#value as Record<string, unknown>)[key]));
    const rest = keys.length - seen.length;
    setText(this.#more, `Show ${Math.min(rest, PAGE)} more of ${rest.toLocaleString('en')}`);
    setChildren(this.#body, rest > 0 ? [...items, this.#last] : items);
  }

  #item(key: string, value: unknown): Node {
    const known = this.#parts.get(key);
    const part = known?.fits(value) ? known : new Tree(key, value);
    part.set(value);
    this.#parts.set(key, part);
    return part.#inList;
  }

  get #inList(): Node {
    const parent = this.element.parentElement;
    return parent?.localName === 'li' ? parent : element('li', {}, this.element);
  }

  #showMore(): void {
    const next = this.#shown;
    this.#shown += PAGE;
    this.#fill();
    // The button may be gone, and the focus with it.
    this.#body.children[next]?.querySelector('summary')?.focus();
  }
}

function hasMore(value: unknown): boolean {
  if (typeof value === 'string') return value.length > LINE;
  if (typeof value !== 'object') return false;
  for (const _ in value) return true;
  return false;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value;
}

/** A value on one line. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? `list of ${value.length.toLocaleString('en')}` : '[]';
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' && value !== null ? fieldsOf(value) : String(value);
}

/** The first fields of an object, as far as they have room; of what is within them only that it is there. */
function fieldsOf(value: object): string {
  const words: string[] = [];
  let letters = 0;
  for (const [key, field] of Object.entries(value).slice(0, MOST_FIELDS)) {
    const isDeep = typeof field === 'object' && field !== null;
    const word = `${key}: ${isDeep ? (Array.isArray(field) ? '[…]' : '{…}') : quoted(field, FIELD)}`;
    letters += word.length;
    if (letters > LINE) break;
    words.push(word);
  }
  const count = Object.keys(value).length;
  if (count === 0) return '{}';
  return words.length === count
    ? `{ ${words.join(', ')} }`
    : `{ ${[...words, `…${count - words.length} more`].join(', ')} }`;
}

function quoted(value: unknown, most = LINE): string {
  if (typeof value !== 'string') return String(value);
  const line = JSON.stringify(value.slice(0, most));
  if (value.length <= most) return line;
  const size = most === LINE ? ` (${value.length.toLocaleString('en')} letters)` : '';
  return `${line.slice(0, -1)}…"${size}`;
}
