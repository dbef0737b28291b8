import { type ReactElement, useEffect } from 'react';
import { useRoom } from 'rejoin/react';
import { log } from '../log';
import { misbehave } from '../network/server-controls';
import { stateInWords } from './state-in-words';
import type { Turn } from './turn';
import { useAnswer } from './use-answer';

interface AnswerProps {
  readonly turn: Turn;
  /** Whether this page asked, and not one before a reload. */
  readonly fresh: boolean;
  readonly onSettle: (id: string, answer: string) => void;
  readonly onAgain: () => void;
}

/** An answer while it comes, and the ways to disturb it. */
export function Answer({ turn, fresh, onSettle, onAgain }: AnswerProps): ReactElement {
  const room = useRoom();
  const answer = useAnswer(turn, fresh);
  const { status, text } = answer;
  const words = stateInWords(answer);
  const over = status === 'done' || status === 'stopped';
  useEffect(() => {
    if (over) onSettle(turn.id, text);
  }, [over, text, turn.id, onSettle]);
  useEffect(() => {
    if (status !== 'idle') log.add(status === 'error' ? 'error' : 'status', `Answer: ${words}`);
  }, [status, words]);
  return (
    <>
      {/* Not a live region: words that come one by one would never let anybody finish a sentence. */}
      <p className="answer-text" data-testid="answer" data-status={status} aria-busy={!over}>
        {text}
      </p>
      <div className="answer-foot">
        <p role="status" className="answer-state" data-testid="answer-status">
          {words}
        </p>
        {status === 'streaming' && (
          <button type="button" className="quiet" onClick={() => misbehave('drop-streams', room.id)}>
            Cut it here
          </button>
        )}
        {!over && status !== 'error' && (
          <button type="button" className="quiet" onClick={answer.stop}>
            Stop
          </button>
        )}
        {(status === 'error' || status === 'reconnecting') && (
          <button type="button" className="quiet" onClick={answer.retry}>
            Try now
          </button>
        )}
        {over && (
          <button type="button" className="quiet" onClick={onAgain}>
            Ask again
          </button>
        )}
      </div>
    </>
  );
}
