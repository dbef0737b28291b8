import { SyncError } from '../errors.js';
import { deepFreeze, isDeep, isObject, type Json, type JsonObject, own, TOO_DEEP } from '../json.js';
import { META, type Meta, type Other, type OwnUser } from '../presence.js';
import { type StandardSchemaV1, validate } from '../schema.js';

/** What somebody else shows. */
export interface Shown<P> {
  /** Null if they show nothing, or what does not fit the schema. */
  readonly other: Other<P> | null;
  readonly meta: Meta | null;
}

/** What another connection shows, from JSON text. What does not fit is told. */
export function readOther<P>(
  connectionId: number,
  json: string,
  validator: StandardSchemaV1 | undefined,
  report: (error: unknown) => void,
): Shown<P> {
  const whole = JSON.parse(json) as Json;
  const deep = isDeep(whole);
  const { state, meta } = deep ? { state: whole, meta: null } : apart(whole);
  if (state === undefined) return { meta, other: null };
  const result = deep ? TOO_DEEP : validator ? validate(validator, state) : { value: state };
  if ('issues' in result) {
    const message = `connection ${connectionId} is left out: its state does not fit the schema (${result.issues})`;
    report(new SyncError('E_PRESENCE', message));
    return { meta, other: null };
  }
  const user = meta?.user;
  const who = user && { userId: user.id, ...(user.info === undefined ? {} : { info: user.info }) };
  return { meta, other: Object.freeze({ connectionId, presence: deepFreeze(result.value) as P, ...who }) };
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
