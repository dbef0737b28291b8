/** Who shows which fields of a room's presence. */
export type Claims = Map<string, Set<object>>;

const known = /* @__PURE__ */ new WeakMap<object, Claims>();

/** Those of a room, which all awarenesses over its presence share: the last one that shows a field takes it away. */
export function claimsOf(room: object): Claims {
  const claims = known.get(room) ?? new Map();
  known.set(room, claims);
  return claims;
}

/** Notes whether `owner` shows the field. */
export function claim(claims: Claims, owner: object, field: string, isShown: boolean): void {
  const owners = claims.get(field) ?? new Set();
  if (isShown) owners.add(owner);
  else owners.delete(owner);
  if (owners.size > 0) claims.set(field, owners);
  else claims.delete(field);
}
