import type { KeyboardEvent } from 'react';
import { useUndo } from 'rejoin/react';

/**
 * Ctrl or Cmd with Z, and with Shift, or with Y, to go forth again. A field of words keeps its own, for words that nobody has seen yet;
 * one that is bound to a text has done it already.
 */
export function useUndoKeys(): (event: KeyboardEvent) => void {
  const { undo, redo } = useUndo();
  return (event) => {
    const way = event.defaultPrevented || isWords(event.target) ? null : wayOf(event);
    if (!way) return;
    event.preventDefault();
    if (way === 'redo') redo();
    else undo();
  };
}

function wayOf({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(ctrlKey || metaKey) || altKey) return null;
  if (key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo';
  return key.toLowerCase() === 'y' && !shiftKey ? 'redo' : null;
}

function isWords(target: EventTarget): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text');
}
