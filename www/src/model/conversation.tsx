import type { ReactElement } from 'react';
import { Answer } from './answer';
import { ask, type Turn } from './turn';
import { useFoot } from './use-foot';

interface ConversationProps {
  readonly turns: readonly Turn[];
  readonly live: string | null;
  readonly fresh: string | null;
  readonly onSettle: (id: string, answer: string) => void;
  readonly onAgain: (turn: Turn) => void;
}

/** What was asked and answered; the last answer may still be coming. */
export function Conversation({ turns, live, fresh, onSettle, onAgain }: ConversationProps): ReactElement {
  const { box, onScroll } = useFoot<HTMLElement>();
  const last = turns.at(-1);
  const again = (): void => {
    if (last) onAgain(ask(last.prompt, last.format, last.shared));
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard
    <section className="turns" aria-label="Conversation" tabIndex={0} ref={box} onScroll={onScroll} hidden={!last}>
      <ol>
        {turns.map((turn) => (
          <Asked key={turn.id} turn={turn}>
            {turn === last && turn.id === live ? (
              <Answer turn={turn} fresh={turn.id === fresh} onSettle={onSettle} onAgain={again} />
            ) : (
              <p className="answer-text">{turn.answer ?? 'Not finished.'}</p>
            )}
          </Asked>
        ))}
      </ol>
    </section>
  );
}

function Asked({ turn, children }: { turn: Turn; children: ReactElement }): ReactElement {
  return (
    <li className="turn">
      <p className="question">
        <span className="visually-hidden">You asked: </span>
        {turn.prompt}
      </p>
      {children}
    </li>
  );
}
