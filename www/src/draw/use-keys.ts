import type { KeyboardEvent } from 'react';
import { shifted, sized } from './gesture';
import type { Box, Shape } from './shape';
import type { ShapeActions } from './use-shapes';

/** What the keys need to know of the board. */
export interface KeysOptions {
  readonly chosen: Shape | undefined;
  readonly actions: ShapeActions;
  readonly remove: () => void;
  readonly edit: (id: string | null) => void;
}

/** How far one arrow goes, in units of the board. */
const STEP = 8;

const ARROWS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** Arrows move what is chosen, with Shift they size it; Delete removes it, Enter writes into a note. */
export function useKeys({ chosen, actions, remove, edit }: KeysOptions): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.target instanceof HTMLTextAreaElement || !chosen || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const box = boxAfter(chosen, event);
    if (box) actions.place(chosen.id, box);
    else if (event.key === 'Delete' || event.key === 'Backspace') remove();
    else if (event.key === 'Enter' && chosen.kind === 'note') edit(chosen.id);
    else return;
    event.preventDefault();
  };
}

function boxAfter(box: Box, { key, shiftKey }: KeyboardEvent): Box | null {
  const arrow = ARROWS[key];
  if (!arrow) return null;
  return shiftKey ? sized(box, ...arrow) : shifted(box, ...arrow);
}
