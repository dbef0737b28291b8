import type { CoreConnection, EndpointReason, WasmModule } from './boundary.js';
import type { Problem } from './errors.js';

/** Everything a link tells. */
export type LinkEvent = { readonly link: number } & (
  | ({ readonly type: 'connection' } & CoreConnection)
  | { readonly type: 'endpoint'; readonly request: number; readonly attempt: number; readonly reason: EndpointReason }
  | ({ readonly type: 'error' } & Problem)
);

/** The one class of the small wasm module. Links are numbers; nothing needs `free()`. */
export interface LinksCore {
  takeEvents(): LinkEvent[];
  leave(link: number): void;
  close(): void;
  /** Functions that undo in JavaScript what a dead instance left: sockets, requests, listeners. */
  remains(): Set<() => void>;
}

/** The module of streams and sockets. */
export interface LinksModule extends WasmModule {
  readonly Links: new (wake: () => void) => LinksCore;
}
