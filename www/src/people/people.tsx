import { type ReactElement, useEffect, useState } from 'react';
import type { Other } from 'rejoin';
import { useOthers, useUpdateMyPresence } from 'rejoin/react';
import { type Person, recolor, rename } from '../person';
import type { Presence } from '../schema';
import { Avatar } from './avatar';
import { gather, type Present } from './gather';
import { NameField } from './name-field';

/** Who is here. */
export function People({ initial }: { initial: Person }): ReactElement {
  const [self, setSelf] = useState(initial);
  const update = useUpdateMyPresence();
  const others = useOthers();
  const change = (next: Person): void => {
    if (next === self) return;
    setSelf(next);
    update({ user: next });
  };
  useEffect(() => {
    const taken = others.map(({ presence }) => presence.user.color);
    if (yieldsColor(self, others)) change(recolor(self, taken));
  });
  const people = gather(others, self);
  const onRename = (name: string): void => change(rename(self, name));
  return (
    <section className="people" aria-label="Who is here">
      <NameField person={self} onRename={onRename} />
      <ul className="avatars">
        {people.map((person) => (
          <li key={person.id}>
            <Avatar person={person} />
            <span className="visually-hidden">{describe(person, self)}</span>
          </li>
        ))}
      </ul>
      <p className="visually-hidden" role="status" data-testid="people-count">
        {people.length === 1 ? 'You are alone here' : `${people.length} people are here`}
      </p>
    </section>
  );
}

/** Of two people with one colour, the one with the larger id takes another. */
function yieldsColor(self: Person, others: readonly Other<Presence>[]): boolean {
  return others.some(({ presence: { user } }) => user.color === self.color && user.id !== '' && user.id < self.id);
}

function describe({ id, name, windows }: Present, self: Person): string {
  const who = id === self.id ? `${name} (you)` : name;
  return windows > 1 ? `${who}, ${windows} windows` : who;
}
