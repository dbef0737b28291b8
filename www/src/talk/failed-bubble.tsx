import type { ReactElement } from 'react';
import type { Failed } from './use-talk';

interface FailedBubbleProps {
  readonly failed: Failed;
  readonly onAgain: () => void;
  readonly onDiscard: () => void;
}

/** A message that was refused: its words are not lost. */
export function FailedBubble({ failed, onAgain, onDiscard }: FailedBubbleProps): ReactElement {
  return (
    <li className="bubble" data-mine data-status="failed">
      <p className="author">You</p>
      <p className="said">{failed.text}</p>
      <p className="mark" role="alert">
        <span data-mark="failed">not sent: {failed.why}</span>
      </p>
      <p className="bubble-tools">
        <button type="button" className="quiet" onClick={onAgain}>
          Try again
        </button>
        <button type="button" className="quiet" onClick={onDiscard}>
          Discard
        </button>
      </p>
    </li>
  );
}
