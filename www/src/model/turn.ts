import { randomId } from '../person';

/** How the server wraps the words. */
export type Format = 'sse' | 'openai';

/** A question, and what came of it. */
export interface Turn {
  readonly id: string;
  readonly prompt: string;
  readonly format: Format;
  /** Whether the answer is typed into the shared page. */
  readonly shared: boolean;
  /** The answer once it is over; null while it comes. */
  readonly answer: string | null;
}

/** Questions that are kept. */
const MOST = 20;

/** A new question. */
export function ask(prompt: string, format: Format, shared: boolean): Turn {
  return { id: randomId(), prompt, format, shared, answer: null };
}

/** The turns of this window in a room, from before a reload. */
export function loadTurns(room: string): readonly Turn[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(keyOf(room)) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isTurn) : [];
  } catch {
    // Storage may be forbidden here; then a reload begins anew.
    return [];
  }
}

/** Keeps the turns over a reload; gives those that are kept. */
export function storeTurns(room: string, turns: readonly Turn[]): readonly Turn[] {
  const kept = turns.slice(-MOST);
  try {
    sessionStorage.setItem(keyOf(room), JSON.stringify(kept));
  } catch {
    // As above.
  }
  return kept;
}

function keyOf(room: string): string {
  return `rejoin-demo/turns/${room}`;
}

function isTurn(value: unknown): value is Turn {
  if (typeof value !== 'object' || value === null) return false;
  const { id, prompt, format, shared, answer } = value as Partial<Turn>;
  const named = typeof id === 'string' && typeof prompt === 'string' && typeof shared === 'boolean';
  return named && (format === 'sse' || format === 'openai') && (answer === null || typeof answer === 'string');
}
