import type { ReactElement } from 'react';
import { useStatus } from 'rejoin/react';
import { People } from '../people/people';
import type { Person } from '../person';
import { ThemeToggle } from './theme-toggle';
import { Wordmark } from './wordmark';

/** What this is, which room, who is here. */
export function Header({ room, person }: { room: string; person: Person }): ReactElement {
  return (
    <header className="header">
      <Wordmark linked={useStatus() === 'connected'} />
      <p className="room">
        <span className="room-label">Room</span> <span className="room-name">{room}</span>
      </p>
      <People initial={person} />
      <div className="header-tools">
        {/* A window that knows its opener would start as the same person. */}
        <a className="quiet" href={location.href} target="_blank" rel="noopener">
          Second window
        </a>
        <ThemeToggle />
      </div>
    </header>
  );
}
