/** A constructor with the parameters of `WebSocket`. */
export type SocketConstructor = new (url: string, protocols: readonly string[]) => object;

/** What `open` makes, by `new`. */
export function socketConstructor(open: (url: string, protocols: readonly string[]) => object): SocketConstructor {
  // An arrow function cannot be constructed.
  return function Socket(url: string, protocols: readonly string[]) {
    return open(url, protocols);
  } as unknown as SocketConstructor;
}
