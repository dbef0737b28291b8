import { BOARD, type Box, LONGEST_LINE, onBoard, type Point, SMALLEST } from './shape';

/** What the hand can do on the board. */
export const TOOLS = ['select', 'rectangle', 'ellipse', 'note', 'stroke'] as const;
export type Tool = (typeof TOOLS)[number];

/** What a pressed pointer is doing. */
export type Gesture =
  | { readonly kind: 'move' | 'size'; readonly id: string; readonly from: Box; readonly start: Point }
  | { readonly kind: 'draw'; readonly tool: Exclude<Tool, 'select'>; readonly path: readonly Point[] };

/** A hand that trembles by less has clicked. */
const TREMBLE = 4;
/** Size of what is put down by a click or by the keyboard. */
const USUAL = { w: 168, h: 112 };

/** The gesture with the pointer at another place. */
export function moved(gesture: Gesture, point: Point): Gesture {
  if (gesture.kind !== 'draw') return gesture;
  const { path, tool } = gesture;
  if (tool !== 'stroke') return { ...gesture, path: [...path.slice(0, 1), point] };
  const last = path.at(-1);
  const isNear = last !== undefined && distance(last, point) < TREMBLE / 2;
  return isNear || path.length * 2 >= LONGEST_LINE ? gesture : { ...gesture, path: [...path, point] };
}

/** Where a shape is while it is held. */
export function heldBox({ kind, from, start }: Extract<Gesture, { kind: 'move' | 'size' }>, point: Point): Box {
  const [dx, dy] = [point.x - start.x, point.y - start.y];
  return kind === 'move' ? shifted(from, dx, dy) : sized(from, dx, dy);
}

/** The box elsewhere. */
export function shifted(box: Box, dx: number, dy: number): Box {
  return onBoard({ ...box, x: box.x + dx, y: box.y + dy });
}

/** The box larger or smaller, its upper left corner where it was. */
export function sized({ x, y, w, h }: Box, dx: number, dy: number): Box {
  return onBoard({ x, y, w: Math.min(w + dx, BOARD.w - x), h: Math.min(h + dy, BOARD.h - y) });
}

/** Around everything that was drawn. */
export function boxAround(path: readonly Point[]): Box {
  const [xs, ys] = [path.map(({ x }) => x), path.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return onBoard({ x, y, w: Math.max(...xs) - x, h: Math.max(...ys) - y });
}

/** Where what was drawn goes: a mere click puts down something of the usual size, around it. */
export function drawnBox(path: readonly Point[]): Box {
  const [start, end] = [path[0], path.at(-1)];
  if (!start || !end) return usualBox({ x: 0, y: 0 });
  return distance(start, end) < TREMBLE ? usualBox(start) : boxAround([start, end]);
}

/** A box of the usual size around a point. */
export function usualBox({ x, y }: Point): Box {
  return onBoard({ x: x - USUAL.w / 2, y: y - USUAL.h / 2, ...USUAL });
}

/** Points as parts of their box, two after the other. */
export function lineIn(box: Box, path: readonly Point[]): readonly number[] {
  const part = (value: number, size: number): number => Math.round((value / Math.max(size, SMALLEST)) * 1_000) / 1_000;
  return path.flatMap(({ x, y }) => [part(x - box.x, box.w), part(y - box.y, box.h)]);
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
