import type { WasmModule } from './boundary.js';
import type { Problem } from './errors.js';

/** Channels of a link that carry an app's bytes: the document, presence (lossy, unordered, at most 15 KiB), messages. */
export type PeerChannel = 'sync' | 'presence' | 'msg';

/** Places for tracks over each link. */
export type MediaSlot = 'mic' | 'camera' | 'screen';

/** Where a link with a peer stands. */
export type PeerLinkState = 'connecting' | 'up' | 'suspect' | 'restarting' | 'parked' | 'gone';

/** Why no connection to a peer comes about. */
export type BlockedReason =
  | 'no-candidates'
  | 'no-route'
  | 'turn-unauthorized'
  | 'turn-refused'
  | 'turn-unreachable'
  | 'too-many-connections'
  | 'unavailable';

/** How a mesh behaves; what is left out has the core's default. Times in milliseconds. */
export interface CoreMeshOptions {
  /** Name of the room. */
  readonly room: string;
  /** Name of this page in the mesh, at most 128 bytes; made up where there is none. */
  readonly instance?: string;
  /** Links are proven with it: who does not know it is kept out, also a server in the middle. */
  readonly key?: string;
  /** Whether `ice` events are answered; else the server's own ICE servers are used. */
  readonly ice?: boolean;
  /** How signaling is spoken; `room`: with the room's own server. */
  readonly dialect?: 'room' | 'y-webrtc' | 'y-webrtc-sealed';
  /** Only through a TURN server. */
  readonly relayOnly?: boolean;
  /** Others up to which everybody has a link with everybody: 8. */
  readonly fullMesh?: number;
  /** Links above that: 6. */
  readonly degree?: number;
  /** Most links, also those that others begin: 24. */
  readonly maxPeers?: number;
  /** Longest random wait before a link is begun: 500. */
  readonly jitter?: number;
  /** How much longer the one of two waits that yields: 3000. */
  readonly courtesy?: number;
}

/** ICE servers, and for how long their credentials hold. */
export interface IceAnswer {
  readonly servers: readonly RTCIceServer[];
  readonly ttlSeconds?: number;
}

/** Everything a mesh tells. */
export type PeersEvent = { readonly mesh: number } & (
  | {
      readonly type: 'peer';
      readonly peer: number;
      readonly instance: string;
      readonly user: string | null;
      /** Largest frame it takes, of a stock client of y-webrtc; 0 before there is a link. */
      readonly limit: number | null;
      readonly state: PeerLinkState;
      readonly path: 'direct' | 'relayed' | null;
      readonly reason: string | null;
    }
  | { readonly type: 'neighbours'; readonly peer: number; readonly instances: readonly string[] }
  | { readonly type: 'blocked'; readonly peer: number; readonly reason: BlockedReason }
  | {
      readonly type: 'frame';
      readonly peer: number;
      readonly channel: PeerChannel;
      readonly attachments: readonly [ArrayBuffer];
    }
  /** To be sent over the room's socket. */
  | { readonly type: 'signal'; readonly text: string }
  /** To be sent by a server of y-webrtc, or by all that are open: a text in UTF-8, or what `sealed` makes a text of once it is encrypted. */
  | {
      readonly type: 'publish';
      readonly server: number | null;
      readonly sealed: boolean;
      readonly attachments: readonly [ArrayBuffer];
    }
  /** To be decrypted, then handed in by `unsealed`. */
  | {
      readonly type: 'unseal';
      readonly server: number;
      readonly attachments: readonly [nonce: ArrayBuffer, sealed: ArrayBuffer];
    }
  | {
      readonly type: 'file';
      readonly transfer: number;
      readonly peer: number;
      readonly direction: 'in' | 'out';
      readonly name: string;
      readonly size: number;
      readonly mime: string;
      readonly status: 'offered' | 'transferring' | 'waiting' | 'done' | 'rejected' | 'cancelled' | 'failed';
      readonly transferred: number;
      readonly reason: 'gone' | 'changed' | 'corrupt' | 'here' | 'sender' | 'receiver' | null;
    }
  /** `remoteTrack` has it. Whether something comes is what the track's own `mute` and `unmute` say. */
  | { readonly type: 'track'; readonly peer: number; readonly slot: MediaSlot }
  /** To be answered by `fileChunk`. */
  | { readonly type: 'want'; readonly transfer: number; readonly offset: number; readonly length: number }
  /** To be put away, then told by `fileTaken`. */
  | {
      readonly type: 'chunk';
      readonly transfer: number;
      readonly offset: number;
      readonly attachments: readonly [ArrayBuffer];
    }
  | { readonly type: 'ice'; readonly request: number; readonly reason: 'initial' | 'expiring' | 'rejected' }
  | ({ readonly type: 'error' } & Problem)
);

/** The one class of the wasm module of peers. Meshes and peers are numbers; nothing needs `free()`. */
export interface PeersCore {
  takeEvents(): PeersEvent[];
  /** Joins the peers of a room and returns the mesh's number. Nothing happens before `signalUp`. */
  join(options: CoreMeshOptions): number;
  /** The name under which the others know this side. */
  instance(mesh: number): string;
  /** Says goodbye and lets go of a mesh. */
  leave(mesh: number): void;
  /** The room's socket is open, or open again; with a `server`, that of a server of y-webrtc, by the caller's number for it. */
  signalUp(mesh: number, server?: number): void;
  /** That socket is gone; links go on. */
  signalDown(mesh: number, server?: number): void;
  /** Hands in one text of signaling that came over that socket. */
  signal(mesh: number, text: string, server?: number): void;
  /** Hands in what an `unseal` event held, decrypted; nothing if the password does not open it. */
  unsealed(mesh: number, server: number, plain?: Uint8Array): void;
  /** The text to send for what a `publish` event held, encrypted. */
  sealed(mesh: number, nonce: Uint8Array, sealed: Uint8Array): string;
  /** What to say to servers of y-webrtc when the page goes, as in a `publish` event. */
  farewell(mesh: number): Uint8Array;
  /** Throws `E_NOT_CONNECTED` before a link is up, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL`; of a stock client `E_PEER_LIMIT`, `E_UNSUPPORTED`. */
  send(mesh: number, peer: number, channel: PeerChannel, bytes: Uint8Array): void;
  /** Shows a track to all peers, now and later, or nothing any more. It is never stopped. */
  replaceTrack(mesh: number, slot: MediaSlot, track: MediaStreamTrack | null): void;
  /** The connection to a peer: to look at its statistics and to limit what it sends, and for nothing else. */
  connection(mesh: number, peer: number): RTCPeerConnection | null;
  /** The track of a peer in a slot, if there is one. */
  remoteTrack(mesh: number, peer: number, slot: MediaSlot): MediaStreamTrack | null;
  /** Offers a file and returns the transfer's number. */
  sendFile(mesh: number, peer: number, name: string, size: number, mime: string): number;
  acceptFile(mesh: number, transfer: number): void;
  /** Also refuses an offer; harmless once the transfer is over. */
  cancelFile(mesh: number, transfer: number): void;
  fileChunk(mesh: number, transfer: number, offset: number, bytes: Uint8Array): void;
  /** Bytes that were put away: as many more may come. */
  fileTaken(mesh: number, transfer: number, bytes: number): void;
  provideIce(mesh: number, request: number, answer: IceAnswer): void;
  refuseIce(mesh: number, request: number): void;
  close(): void;
  /** Functions that undo in JavaScript what a dead instance left: connections and listeners. */
  remains(): Set<() => void>;
}

/** The module of peers. */
export interface PeersModule extends WasmModule {
  readonly Peers: new (wake: () => void) => PeersCore;
}
