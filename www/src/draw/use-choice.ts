import { useCallback, useEffect, useRef, useState } from 'react';
import type { Shape } from './shape';
import type { ShapeActions } from './use-shapes';

/** Which shape of the board this window works on. */
export interface Choice {
  /** The one that keys, colours and Delete mean. */
  readonly chosen: Shape | undefined;
  /** Id of the note that is written into. */
  readonly editing: string | null;
  readonly choose: (id: string | null) => void;
  readonly edit: (id: string | null) => void;
  /** The words of this note are written. */
  readonly edited: (id: string) => void;
  /** Takes the chosen one from the board. */
  readonly remove: () => void;
}

/** Chooses among shapes; what is chosen has the focus, so that the keys reach it. */
export function useChoice(shapes: readonly Shape[], { remove }: ShapeActions): Choice {
  const [id, setId] = useState<string | null>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const chosen = shapes.find((shape) => shape.id === id);
  useEffect(() => {
    // A shape that was just put down is a button only now.
    if (wanted.current === null || chosen?.id !== wanted.current) return;
    wanted.current = null;
    if (editing !== chosen.id) bodyOf(chosen.id)?.focus();
  });
  const choose = useCallback((next: string | null): void => {
    wanted.current = next;
    setId(next);
  }, []);
  const edited = useCallback((written: string): void => {
    setEditing(null);
    if (document.activeElement?.closest<HTMLElement>('.shape')?.dataset.shape === written) bodyOf(written)?.focus();
  }, []);
  return {
    chosen,
    editing,
    choose,
    edit: setEditing,
    edited,
    remove: () => {
      if (!chosen) return;
      remove(chosen.id);
      // The button that had the focus is gone with its shape.
      document.querySelector<HTMLElement>('.surface')?.focus();
    },
  };
}

function bodyOf(id: string): HTMLElement | null {
  return document.querySelector(`[data-shape="${CSS.escape(id)}"] .shape-body`);
}
