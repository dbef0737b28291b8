import { loadPart } from '../load-part.js';
import type { PeersHost, PeersOfRoom } from '../peers/of-room.js';
import { RoomPeers } from '../peers/room-peers.js';
import type { OpenSocket } from '../peers/signaling.js';
import type { PeersOptions } from '../peers/types.js';
import { type PeersEngine, peersEngine } from '../peers.js';
import { peers as platform } from '../platform.js';
import { lazyRuntime } from '../runtime.js';

/** All meshes of a page have one engine. */
const engine: PeersEngine = /* @__PURE__ */ peersEngine(/* @__PURE__ */ lazyRuntime(platform));

/** Most rooms find their peers by their own server, and need no socket besides. */
const openSocket: OpenSocket = async (url, options) =>
  (await loadPart('sockets', import('./sockets.js'))).reconnectingWebSocket(url, options);

/** The peers of a room. Nothing happens before it is entered. */
export function peersOf(host: PeersHost, options: true | PeersOptions): PeersOfRoom {
  return new RoomPeers(host, options === true ? {} : options, engine, openSocket);
}
