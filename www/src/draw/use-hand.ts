import { type PointerEvent, type RefObject, useState } from 'react';
import { useUpdateMyPresence } from 'rejoin/react';
import type { Held } from '../schema';
import { boxAround, drawnBox, type Gesture, heldBox, lineIn, moved, type Tool } from './gesture';
import { BOARD, between, type Point, type Shape } from './shape';
import type { ShapeActions } from './use-shapes';

/** What the hand needs to know of the board. */
export interface HandOptions {
  readonly surface: RefObject<HTMLElement | null>;
  readonly tool: Tool;
  readonly color: Shape['color'];
  readonly shapes: readonly Shape[];
  readonly actions: ShapeActions;
  readonly choose: (id: string | null) => void;
  /** Something was drawn. */
  readonly onDrawn: (id: string, tool: Tool) => void;
}

/** The hand on the board. */
export interface Hand {
  /** What is being drawn, if anything is. */
  readonly drawn: Shape | null;
  /** What is being moved, and where it is. */
  readonly held: Held | null;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
  readonly onPointerLeave: () => void;
}

/**
 * Draws, moves and sizes with the pointer. The document gets the outcome; what leads there is presence: others see it as
 * it happens, and it is not kept.
 */
export function useHand({ surface, tool, color, shapes, actions, choose, onDrawn }: HandOptions): Hand {
  const [gesture, setGesture] = useState<Gesture | null>(null);
  const [held, setHeld] = useState<Held | null>(null);
  const update = useUpdateMyPresence();
  const show = (pointer: Point | null, holding: Held | null): void => {
    setHeld(holding);
    try {
      update({ pointer, held: holding });
    } catch {
      // The room is coming back from a crash; the next movement shows the place.
    }
  };
  const end = (): void => {
    setGesture(null);
    show(null, null);
  };
  return {
    drawn: gesture?.kind === 'draw' ? toShape(gesture, color) : null,
    held,
    onPointerDown: (event) => {
      const { target, button, pointerId } = event;
      if (button !== 0 || !(target instanceof Element) || target.closest('textarea')) return;
      // Focus goes where it is put here, not to what lies on top.
      event.preventDefault();
      surface.current?.focus({ preventScroll: true });
      const start = placeIn(surface.current, event);
      const next = tool === 'select' ? grasp(target, shapes, start) : ({ kind: 'draw', tool, path: [start] } as const);
      choose(next && next.kind !== 'draw' ? next.id : null);
      if (next) surface.current?.setPointerCapture(pointerId);
      setGesture(next);
    },
    onPointerMove: (event) => {
      const point = placeIn(surface.current, event);
      setGesture(gesture && moved(gesture, point));
      const holds = gesture && gesture.kind !== 'draw';
      show(point, holds ? { id: gesture.id, ...heldBox(gesture, point) } : null);
    },
    onPointerUp: () => {
      if (held) actions.place(held.id, held);
      if (gesture?.kind === 'draw') onDrawn(actions.add(toShape(gesture, color)), gesture.tool);
      end();
    },
    onPointerCancel: end,
    onPointerLeave: () => show(null, held),
  };
}

/** What a press on the board takes hold of. */
function grasp(target: Element, shapes: readonly Shape[], start: Point): Exclude<Gesture, { kind: 'draw' }> | null {
  const id = target.closest<HTMLElement>('[data-shape]')?.dataset.shape;
  const from = shapes.find((shape) => shape.id === id);
  return from ? { kind: target.closest('[data-handle]') ? 'size' : 'move', id: from.id, from, start } : null;
}

function toShape({ tool, path }: Extract<Gesture, { kind: 'draw' }>, color: Shape['color']): Shape {
  const box = tool === 'stroke' ? boxAround(path) : drawnBox(path);
  return { id: '', kind: tool, color, words: '', line: tool === 'stroke' ? lineIn(box, path) : [], ...box };
}

/** Where the pointer is, in units of the board. */
function placeIn(surface: HTMLElement | null, { clientX, clientY }: PointerEvent): Point {
  const frame = surface?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
  return {
    x: between(0, ((clientX - frame.left) / frame.width) * BOARD.w, BOARD.w),
    y: between(0, ((clientY - frame.top) / frame.height) * BOARD.h, BOARD.h),
  };
}
