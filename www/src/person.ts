import { tidyName } from './user';

/** Who this window is. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

const KEY = 'rejoin-demo/person';
const FIRST = [
  'Amber',
  'Brisk',
  'Calm',
  'Clever',
  'Gentle',
  'Hazel',
  'Merry',
  'Quiet',
  'Silver',
  'Sunny',
  'Swift',
  'Wild',
];
const LAST = ['Badger', 'Crane', 'Finch', 'Fox', 'Hare', 'Heron', 'Lark', 'Lynx', 'Otter', 'Robin', 'Seal', 'Wren'];
/** Dark enough for white letters, light enough to be seen on a dark page. */
const COLORS = [
  '#c2410c',
  '#0f766e',
  '#4f56d8',
  '#b4307a',
  '#8a5a00',
  '#3d7a1f',
  '#8b45c9',
  '#b3343f',
  '#2768b8',
  '#5f6b1d',
];

/** The person of this window: the same after a reload, another in a second window. */
export function loadPerson(): Person {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (isPerson(stored)) return stored;
  } catch {
    // Storage may be forbidden here; then a reload makes somebody new.
  }
  return storePerson({ id: randomId(), name: `${pick(FIRST)} ${pick(LAST)}`, color: pick(COLORS) });
}

/** The same person under another name; an empty one changes nothing. */
export function rename(person: Person, name: string): Person {
  const tidy = tidyName(name);
  return tidy && tidy !== person.name ? storePerson({ ...person, name: tidy }) : person;
}

/** Sixteen random digits; `randomUUID` exists on secure origins only. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The same person in a colour that nobody else has, if one is left. */
export function recolor(person: Person, taken: readonly string[]): Person {
  const free = COLORS.filter((color) => !taken.includes(color));
  return free.length > 0 ? storePerson({ ...person, color: pick(free) }) : person;
}

function storePerson(person: Person): Person {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // As above.
  }
  return person;
}

function isPerson(value: unknown): value is Person {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, color } = value as Partial<Person>;
  return typeof id === 'string' && typeof name === 'string' && typeof color === 'string';
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? 'Robin';
}
