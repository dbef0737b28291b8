import { useMemo } from 'react';
import type { HistoryState } from '../history.js';
import type { Schema } from '../schema.js';
import { useRoom } from './context.js';
import { useStore } from './store.js';

/** What {@link useUndo} gives. */
export interface UndoHandle extends HistoryState {
  /** Takes back the last thing this client did; harmless where there is nothing. */
  readonly undo: () => void;
  /** Brings forth again what was taken back last; harmless where there is nothing. */
  readonly redo: () => void;
}

/**
 * Undo and redo of what this client did in the room, and nothing of what others did.
 * @example
 * const { undo, canUndo } = useUndo();
 * const button = <button type="button" disabled={!canUndo} onClick={undo} />;
 */
export function useUndo(): UndoHandle {
  const { history } = useRoom<Schema>();
  const state = useStore(history.state);
  return useMemo(
    () => ({ ...state, undo: () => void history.undo(), redo: () => void history.redo() }),
    [history, state],
  );
}
