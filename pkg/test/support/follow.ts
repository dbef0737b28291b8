import { expect } from 'vitest';
import type { Core } from '../../src/boundary.js';
import { Mirror } from '../../src/mirror.js';
import { editAtRandom, roots } from './edits.js';
import { random } from './random.js';

/** Two replicas edit and exchange updates; a mirror that is only ever patched equals the document after each step. */
export function mirrorFollows(mine: Core, theirs: Core, seed: number, steps: number): void {
  const dice = random(seed);
  const options = { roots, presence: null, connect: false };
  const room = mine.enterRoom(`mirror ${seed}`, options);
  const other = theirs.enterRoom(`mirror ${seed}, elsewhere`, options);
  mine.takeEvents();
  const mirror = new Mirror();
  mirror.load(mine.readDoc(room));
  for (let step = 0; step < steps; step++) {
    if (dice.int(2) === 0) editAtRandom(mine, room, dice);
    else editAtRandom(theirs, other, dice);
    if (dice.int(3) === 0) theirs.applyUpdate(other, mine.encodeStateAsUpdate(room, theirs.stateVector(other)));
    if (dice.int(3) === 0) mine.applyUpdate(room, theirs.encodeStateAsUpdate(other, mine.stateVector(room)));
    for (const event of mine.takeEvents()) if (event.type === 'doc' && event.room === room) mirror.apply(event.changes);
    expect(mirror.root, `seed ${seed}, step ${step}`).toEqual(JSON.parse(mine.readDoc(room)));
  }
  expect(isDeepFrozen(mirror.root)).toBe(true);
}

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}
