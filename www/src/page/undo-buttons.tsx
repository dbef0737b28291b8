import type { ReactElement } from 'react';
import { useUndo } from 'rejoin/react';

/** Take back, and bring forth again, what this window did: what others did stays. */
export function UndoButtons(): ReactElement {
  const { canUndo, canRedo, undo, redo } = useUndo();
  return (
    <div className="undo-buttons">
      <button type="button" disabled={!canUndo} onClick={undo} title="Takes back what you did, and nobody else">
        Undo
      </button>
      <button type="button" disabled={!canRedo} onClick={redo} title="Brings back what you took back">
        Redo
      </button>
    </div>
  );
}
