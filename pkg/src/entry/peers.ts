import { type PeersEngine, peersEngine } from '../peers.js';
import { peers as platform } from '../platform.js';
import { lazyRuntime } from '../runtime.js';

/** All meshes of a page have one engine. */
export const peers: PeersEngine = /* @__PURE__ */ peersEngine(/* @__PURE__ */ lazyRuntime(platform));
