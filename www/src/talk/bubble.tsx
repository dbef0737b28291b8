import { type CSSProperties, memo, type ReactElement } from 'react';
import type { Message } from 'rejoin';
import { useStatus } from 'rejoin/react';
import { inkOn } from '../color';
import type { User } from '../user';
import type { Said } from './message';

interface BubbleProps {
  readonly message: Message<Said>;
  readonly mine: boolean;
  /** Whether the one before is by the same author: then the name is not said again. */
  readonly follows: boolean;
  /** Who has read up to here. */
  readonly readers: readonly User[] | undefined;
}

/** One message, and what became of it. */
export const Bubble = memo(function Bubble({ message, mine, follows, readers }: BubbleProps): ReactElement {
  const { data, at, status } = message;
  const { author, text } = data;
  const style = { '--who': author.color } as CSSProperties;
  return (
    <li className="bubble" data-mine={mine} data-status={status} data-follows={follows} style={style}>
      <p className={follows ? 'visually-hidden' : 'author'}>{mine ? 'You' : author.name}</p>
      <p className="said">{text}</p>
      <p className="mark">
        <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>
        {mine && <Mark pending={status === 'pending'} />}
      </p>
      {readers && <Readers readers={readers} />}
    </li>
  );
});

function Mark({ pending }: { pending: boolean }): ReactElement {
  const linked = useStatus() === 'connected';
  if (!pending) return <span data-mark="sent">sent</span>;
  return <span data-mark="sending">{linked ? 'sending' : 'waits on this device'}</span>;
}

function Readers({ readers }: { readers: readonly User[] }): ReactElement {
  return (
    <p className="readers">
      read by{' '}
      {readers.map(({ id, name, color }) => (
        <span key={id} className="reader" style={{ '--who': color, '--letters': inkOn(color) } as CSSProperties}>
          {name}
        </span>
      ))}
    </p>
  );
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
