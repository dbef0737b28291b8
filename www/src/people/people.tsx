import { type ReactElement, useState } from 'react';
import { useOthers, useUpdateMyPresence } from 'rejoin/react';
import { type Person, rename } from '../person';
import { Avatar } from './avatar';
import { gather, type Present } from './gather';
import { NameField } from './name-field';

/** Who is here. */
export function People({ initial }: { initial: Person }): ReactElement {
  const [self, setSelf] = useState(initial);
  const update = useUpdateMyPresence();
  const people = gather(useOthers(), self);
  const onRename = (name: string): void => {
    const renamed = rename(self, name);
    setSelf(renamed);
    if (renamed !== self) update({ user: renamed });
  };
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

function describe({ id, name, windows }: Present, self: Person): string {
  const who = id === self.id ? `${name} (you)` : name;
  return windows > 1 ? `${who}, ${windows} windows` : who;
}
