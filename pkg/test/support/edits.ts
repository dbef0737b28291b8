import type { Core, CoreRoomOptions } from '../../src/boundary.js';
import type { random } from './random.js';

/** Roots of the random edits. */
export const roots: CoreRoomOptions['roots'] = { note: 'text', list: 'list', map: 'map' };

type Dice = ReturnType<typeof random>;

/** One random edit of a random shared type, nested ones included. */
export function editAtRandom(core: Core, room: number, dice: Dice): void {
  const kind = dice.pick(['text', 'list', 'map'] as const);
  const type = { text: 'r/note', list: 'r/list', map: 'r/map' }[kind];
  const nested = kind === 'text' ? null : descend(core, room, type, kind, dice);
  edit(core, room, nested?.type ?? type, nested?.kind ?? kind, dice);
}

type Kind = 'text' | 'list' | 'map';
const KEYS = ['a', 'b', 'text', 'list', 'map', '__proto__'];

/** A nested type below, found by the key that says its kind, or the last item of a list, which is a map. */
function descend(core: Core, room: number, type: string, kind: Kind, dice: Dice): { type: string; kind: Kind } | null {
  if (kind === 'text' || dice.int(3) === 0) return null;
  const length = core.lengthOf(room, type);
  const [at, next] =
    kind === 'list' ? [dice.int(Math.max(1, length)), 'map' as Kind] : withSelf(dice.pick(['text', 'list', 'map']));
  const child = kind === 'list' && length === 0 ? undefined : core.childOf(room, type, at);
  if (child === undefined) return null;
  return descend(core, room, child, next, dice) ?? { type: child, kind: next };
}

function withSelf(key: string): [string, Kind] {
  return [key, key as Kind];
}

function edit(core: Core, room: number, type: string, kind: Kind, dice: Dice): void {
  if (kind === 'map') editMap(core, room, type, dice);
  else editSequence(core, room, type, kind, dice);
}

function editSequence(core: Core, room: number, type: string, kind: 'text' | 'list', dice: Dice): void {
  const length = core.lengthOf(room, type);
  const remove = length > 0 && dice.int(3) === 0;
  const at = dice.int(length + (remove ? 0 : 1));
  const count = 1 + dice.int(Math.min(3, Math.max(1, length - at)));
  const stays = Math.min(count, length - at);
  if (kind === 'text') {
    const whole = wholeStretch(core.textToString(room, type), at, stays);
    if (remove) core.textDelete(room, type, whole.at, whole.length);
    else core.textInsert(room, type, whole.at, dice.text(5) || 'x', null);
  } else if (remove) core.listDelete(room, type, at, stays);
  else
    core.listInsert(
      room,
      type,
      at,
      JSON.stringify([nestedMap(dice), { v: dice.int(9) }, nestedMap(dice)].slice(dice.int(3))),
    );
}

function editMap(core: Core, room: number, type: string, dice: Dice): void {
  const key = dice.pick(KEYS);
  if (dice.int(4) === 0) core.mapDelete(room, type, key);
  else core.mapSet(room, type, key, JSON.stringify(valueFor(key, dice)));
}

function valueFor(key: string, dice: Dice): unknown {
  if (key === 'text') return { t: dice.text(4) };
  if (key === 'list') return { l: [nestedMap(dice)] };
  if (key === 'map') return nestedMap(dice);
  return { v: dice.pick([1, 'x', null, [1, { deep: true }], { a: { b: 2 } }]) };
}

function nestedMap(dice: Dice): unknown {
  return { m: { text: { t: dice.text(4) }, done: { v: dice.int(2) === 0 }, list: { l: [] } } };
}

/** Does not cut a surrogate pair: yjs replaces a half by U+FFFD. */
function wholeStretch(text: string, at: number, length: number): { at: number; length: number } {
  const isLow = (offset: number): boolean => (text.charCodeAt(offset) & 0xfc00) === 0xdc00;
  const start = isLow(at) ? at - 1 : at;
  const end = isLow(at + length) ? at + length + 1 : at + length;
  return { at: start, length: end - start };
}
