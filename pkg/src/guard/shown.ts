import { SyncError } from '../errors.js';
import { deepFreeze, isDeep, isObject, type Json, type JsonObject, own, TOO_DEEP } from '../json.js';
import { META, type Meta, type Other, type OwnUser } from '../presence.js';
import { type StandardSchemaV1, validate } from '../schema.js';

/** What somebody else shows. */
export interface Shown<P> {
  /** What it was read from. */
  readonly json: string;
  /** What the app sees of it: the state, and who shows it. */
  readonly text: string;
  /** Null if they show nothing, or what does not fit the schema. */
  readonly other: Other<P> | null;
  readonly isMisfit: boolean;
  readonly meta: Meta | null;
}

/** Takes what the core tells of the others into what is known of them. Whether anything changed. */
export function readOthers<P>(
  known: Map<number, Shown<P>>,
  updated: readonly (readonly [number, string])[],
  removed: readonly number[],
  validator: StandardSchemaV1 | undefined,
  report: (error: unknown) => void,
): boolean {
  let changed = false;
  for (const id of removed) changed = known.delete(id) || changed;
  for (const [id, json] of updated) {
    const before = known.get(id);
    if (before?.json === json) continue;
    known.set(id, readOther(id, json, validator, report, before));
    changed = true;
  }
  return changed;
}

/**
 * What another connection shows, from JSON text, after what it showed before. What does not fit is told once, until something fits: some show
 * a state 20 times a second.
 */
function readOther<P>(
  connectionId: number,
  json: string,
  validator: StandardSchemaV1 | undefined,
  report: (error: unknown) => void,
  before: Shown<P> | undefined,
): Shown<P> {
  const whole = JSON.parse(json) as Json;
  const deep = isDeep(whole);
  const { state, meta } = deep ? { state: whole, meta: null } : apart(whole);
  const user = meta?.user;
  const text = deep ? json : JSON.stringify([state, user]);
  const shown = { json, text, meta, other: null, isMisfit: false };
  if (before?.text === text) return { ...before, json, meta };
  if (state === undefined) return shown;
  const result = deep ? TOO_DEEP : validator ? validate(validator, state) : { value: state };
  if ('issues' in result) {
    const message = `connection ${connectionId} is left out: its state does not fit the schema (${result.issues})`;
    if (!before?.isMisfit) report(new SyncError('E_PRESENCE', message));
    return { ...shown, isMisfit: true };
  }
  const who = user && { userId: user.id, ...(user.info === undefined ? {} : { info: user.info }) };
  return { ...shown, other: Object.freeze({ connectionId, presence: deepFreeze(result.value) as P, ...who }) };
}

/** Takes what goes beside a state out of it. There may be no state. */
function apart(json: Json): { readonly state: Json | undefined; readonly meta: Meta | null } {
  const member = isObject(json) ? own(json, META) : undefined;
  if (!isObject(json) || !isObject(member)) return { state: json, meta: null };
  const { [META]: _, ...rest } = json;
  const { typing, read, none, state, idle, away } = member;
  const meta = {
    typing: typing === true,
    read: Number.isSafeInteger(read) ? Number(read) : undefined,
    user: userIn(member),
    idle: typeof idle === 'number' && idle > 0 ? idle : undefined,
    away: away === true,
  };
  if (none === true) return { state: undefined, meta };
  return { state: state === undefined ? rest : state, meta };
}

function userIn(member: JsonObject): OwnUser | undefined {
  const user = own(member, 'user');
  if (!isObject(user) || typeof user.id !== 'string') return undefined;
  return deepFreeze(user.info === undefined ? { id: user.id } : { id: user.id, info: user.info });
}
