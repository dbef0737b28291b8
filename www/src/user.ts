/** Somebody, as others see them. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

const LONGEST_NAME = 40;
const NEUTRAL = '#6b7280';

/** Reads somebody from what anybody may have sent. */
export function readUser(value: unknown): User {
  const user = isRecord(value) ? value : {};
  const name = typeof user.name === 'string' ? tidyName(user.name) : '';
  const color = typeof user.color === 'string' && /^#[0-9a-f]{6}$/i.test(user.color) ? user.color : NEUTRAL;
  const id = typeof user.id === 'string' ? user.id.slice(0, 64) : '';
  return { id, name: name || 'Somebody', color };
}

/** A name as it may be shown: one line, no control or direction characters, not endless. */
export function tidyName(name: string): string {
  const plain = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replaceAll(/\s+/g, ' ');
  return [...plain.trim()].slice(0, LONGEST_NAME).join('');
}

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
