import { type LinksEngine, linksEngine } from '../links.js';
import { links as platform } from '../platform.js';
import { lazyRuntime } from '../runtime.js';

/** All streams and sockets of a page have one engine. */
export const links: LinksEngine = /* @__PURE__ */ linksEngine(/* @__PURE__ */ lazyRuntime(platform));
