import { t } from 'rejoin';
import { isRecord } from '../user';

/** Size of the board in its own units; it is shown as large as there is room. */
export const BOARD = { w: 960, h: 600 };
/** No shape is smaller: it could not be grasped. */
export const SMALLEST = 24;

/** What can be put on the board. */
export const KINDS = ['rectangle', 'ellipse', 'note', 'stroke'] as const;
export type Kind = (typeof KINDS)[number];

/** Colours by name: light and dark pages have their own shades. */
export const COLORS = ['green', 'orange', 'blue', 'plum', 'amber', 'grey'] as const;
export type Color = (typeof COLORS)[number];

/** A place and a size on the board. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A place on the board. */
export type Point = Pick<Box, 'x' | 'y'>;

/** One thing on the board. */
export interface Shape extends Box {
  readonly id: string;
  readonly kind: Kind;
  readonly color: Color;
  /** What a note says. */
  readonly words: string;
  /** Points of a stroke as x, y, x, y …, each a part of the box from 0 to 1: they grow with it. */
  readonly line: readonly number[];
}

/** Longest stroke, in numbers. */
export const LONGEST_LINE = 2_000;

/** Fields of a shape in the document: place, colour and words of one shape merge. */
export const shapeFields = {
  id: t.string(),
  kind: t.string(),
  color: t.string(),
  x: t.number(),
  y: t.number(),
  w: t.number(),
  h: t.number(),
  words: t.text(),
  line: t.json(),
};

const known = new WeakMap<object, Shape | null>();

/** A shape of the document. Others may run anything: what makes no sense is null. The same object for the same value. */
export function readShape(value: unknown): Shape | null {
  if (!isRecord(value)) return null;
  const before = known.get(value);
  if (before !== undefined) return before;
  const shape = toShape(value);
  known.set(value, shape);
  return shape;
}

function toShape(value: Record<string, unknown>): Shape | null {
  const { id, words } = value;
  const kind = KINDS.find((one) => one === value.kind);
  const box = readBox(value);
  if (typeof id !== 'string' || !kind || !box) return null;
  const color = COLORS.find((one) => one === value.color) ?? 'grey';
  return { ...box, id, kind, color, words: typeof words === 'string' ? words : '', line: readLine(value.line) };
}

/** A box that anybody may have sent, brought onto the board. */
export function readBox(value: unknown): Box | null {
  if (!isRecord(value)) return null;
  const { x, y, w, h } = value;
  return isNumber(x) && isNumber(y) && isNumber(w) && isNumber(h) ? onBoard({ x, y, w, h }) : null;
}

/** A place that anybody may have sent, brought onto the board. */
export function readPoint(value: unknown): Point | null {
  if (!isRecord(value) || !isNumber(value.x) || !isNumber(value.y)) return null;
  return { x: between(0, value.x, BOARD.w), y: between(0, value.y, BOARD.h) };
}

/** The same box, as far as needed smaller and nearer, so that all of it is on the board. */
export function onBoard({ x, y, w, h }: Box): Box {
  const width = between(SMALLEST, w, BOARD.w);
  const height = between(SMALLEST, h, BOARD.h);
  return { x: between(0, x, BOARD.w - width), y: between(0, y, BOARD.h - height), w: width, h: height };
}

/** A number no less than one and no more than another. */
export function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}

function readLine(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > LONGEST_LINE || !value.every(isNumber)) return [];
  return value;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
