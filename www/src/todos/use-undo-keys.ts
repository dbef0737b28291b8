import type { KeyboardEvent } from 'react';
import { useUndo } from 'rejoin/react';

/** Ctrl or Cmd with Z, and with Shift to go forth again. A field keeps its own, for words that nobody has seen yet. */
export function useUndoKeys(): (event: KeyboardEvent) => void {
  const { undo, redo } = useUndo();
  return (event) => {
    const isField = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox';
    if (isField || event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
  };
}
