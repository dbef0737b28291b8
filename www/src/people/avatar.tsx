import type { CSSProperties, ReactElement } from 'react';
import { inkOn } from '../color';
import type { Present } from './gather';

/** A person as two letters on their colour. */
export function Avatar({ person: { name, color, windows } }: { person: Present }): ReactElement {
  const style = { '--who': color, '--letters': inkOn(color) } as CSSProperties;
  return (
    <span className="avatar" style={style} title={name} aria-hidden="true">
      {initials(name)}
      {windows > 1 && <span className="avatar-count">{windows}</span>}
    </span>
  );
}

/** Two letters of a name. */
export function initials(name: string): string {
  const words = name.split(' ').filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toLocaleUpperCase();
}
