import { Engine, type EngineRoom } from './engine.js';
import type { PeersCore, PeersModule } from './peers-boundary.js';
import type { StartRuntime } from './runtime.js';
import { runSafely } from './store.js';

/** What uses peers of an {@link Engine}. All of a page have one, the only place that calls the module of peers. */
export type PeersEngine = Pick<
  Engine<PeersCore, PeersModule>,
  'start' | 'enter' | 'leave' | 'call' | 'read' | 'notify' | 'drain'
>;

/** A mesh as the engine sees it. */
export type EngineMesh = EngineRoom<PeersCore>;

/** An engine that loads its module when it is started. Does nothing by itself. */
export function peersEngine(start: StartRuntime<PeersModule>): PeersEngine {
  return new Engine<PeersCore, PeersModule>(start, {
    make: (module, wake) => new module.Peers(wake),
    numberOf: (event) => event.mesh,
    leave: (core, mesh) => core.leave(mesh),
    close: (core) => core.close(),
    // Each mesh is told by itself: it joins anew, or fails.
    onCrash: () => {},
    // Nobody called, so it goes where uncaught errors go.
    onError: (error) => runSafely(() => Promise.reject(error)),
  });
}
