/** A `localStorage` or `sessionStorage` for hosts without one. Enumerates its keys as the browser's does. */
export function storage(): Record<string, unknown> {
  const own = (name: string, value: unknown) => Object.defineProperty(items, name, { value, enumerable: false });
  const items: Record<string, string> = {};
  own('getItem', (key: string) => items[key] ?? null);
  own('setItem', (key: string, value: string) => {
    items[key] = value;
  });
  own('removeItem', (key: string) => delete items[key]);
  return items;
}
