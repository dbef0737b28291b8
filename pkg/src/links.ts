import { Engine, type EngineRoom } from './engine.js';
import type { LinksCore, LinksModule } from './links-boundary.js';
import type { StartRuntime } from './runtime.js';
import { runSafely } from './store.js';

/** What a stream or a socket uses of an {@link Engine}. All of a page have one, the only place that calls the small wasm module. */
export type LinksEngine = Pick<
  Engine<LinksCore, LinksModule>,
  'start' | 'enter' | 'leave' | 'call' | 'read' | 'notify' | 'drain'
>;

/** A stream or a socket as the engine sees it. */
export type EngineLink = EngineRoom<LinksCore>;

/** An engine that loads its module when it is started. Does nothing by itself. */
export function linksEngine(start: StartRuntime<LinksModule>): LinksEngine {
  return new Engine<LinksCore, LinksModule>(start, {
    make: (module, wake) => new module.Links(wake),
    numberOf: (event) => event.link,
    leave: (core, link) => core.leave(link),
    close: (core) => core.close(),
    // Each link is told by itself: it starts anew, or fails.
    onCrash: () => {},
    // Nobody called, so it goes where uncaught errors go.
    onError: (error) => runSafely(() => Promise.reject(error)),
  });
}
