/** A `localStorage` or `sessionStorage` for hosts without one. Enumerates its keys as the browser's does; `refuses` what is named. */
export function storage(refuses?: 'setItem' | 'removeItem'): Record<string, unknown> {
  const refuse = () => {
    throw new DOMException('no', 'QuotaExceededError');
  };
  const own = (name: string, value: unknown) =>
    Object.defineProperty(items, name, { value: name === refuses ? refuse : value, enumerable: false });
  const items: Record<string, string> = {};
  own('getItem', (key: string) => items[key] ?? null);
  own('setItem', (key: string, value: string) => {
    items[key] = value;
  });
  own('removeItem', (key: string) => delete items[key]);
  return items;
}
