import type { SyncError } from '../errors.js';
import type { Json } from '../json.js';
import type { ConnectionState } from '../room.js';

/** How a room uses its peers. Times are milliseconds. */
export interface PeersOptions {
  /**
   * What carries the document. `both` (default): server and links at once. `server-first`: links carry it only where one of two has no
   * server. `p2p-first`: links, and one of the peers brings everything to the server.
   */
  readonly mode?: 'both' | 'server-first' | 'p2p-first' | undefined;
  /**
   * URLs of y-webrtc signaling servers (`y-webrtc/bin/server.js`) by which peers find each other; default: the room's own server. Clients of
   * ours and stock ones of y-webrtc share the room then, of which the topic is the room's id. A client with `url: null` has no other server.
   */
  readonly signaling?: readonly string[] | undefined;
  /** Encrypts what is said to the servers of `signaling`, as y-webrtc does; all in the room need the same. Needs a page loaded securely. */
  readonly password?: string | undefined;
  /** Whether to link when the room is entered; default true. Else `room.connectPeers()` does, and loads what it takes. */
  readonly autoConnect?: boolean | undefined;
  /**
   * Gives the ICE servers; asked again before their credentials lapse, and when they were refused. Default: those of the room's server;
   * with `signaling` none, so that peers reach each other in one network only.
   */
  readonly ice?: IceSource | undefined;
  /** Whether links go only through a TURN server, so that peers do not learn each other's address; default false. */
  readonly relayOnly?: boolean | undefined;
  /** A secret of the room: who does not know it gets no link, and no server can stand in the middle. */
  readonly key?: string | undefined;
  /** Others in the room up to which everybody links with everybody; above, each keeps six links and edits are passed on. Default 8. */
  readonly fullMesh?: number | undefined;
  /** Most links; default 24. */
  readonly maxPeers?: number | undefined;
  /** Bits a second that may be spent on sending video to all peers together; default 2,000,000. */
  readonly uplink?: number | undefined;
  /** Others in the room up to which media may be published; default 5, that is a room of six. Above, it is refused with `E_NEEDS_SFU`. */
  readonly maxMediaPeers?: number | undefined;
}

/** A signaling server of `peers.signaling`, and where the connection with it stands. Links go on without. */
export interface SignalingServer extends ConnectionState {
  readonly url: string;
}

/** Gives ICE servers. What it throws counts as no answer now; what takes above 5 s is used when it comes, links begin without. */
export type IceSource = (reason: IceReason) => IceServers | Promise<IceServers>;

/** Why ICE servers are asked for. */
export type IceReason = 'initial' | 'expiring' | 'rejected';

/** Answer of an {@link IceSource}. */
export interface IceServers {
  /** As `RTCPeerConnection` takes them. */
  readonly iceServers: readonly RTCIceServer[];
  /** How long their credentials hold, in seconds, rounded down; default: for ever. */
  readonly ttlSeconds?: number | undefined;
}

/** Where a link with a peer stands. A link that is `suspect`, `restarting` or `parked` heals by itself; the server carries the document meanwhile. */
export type PeerState = 'connecting' | 'up' | 'suspect' | 'restarting' | 'parked';

/** How well a link does, judged every two seconds; `lost`: nothing comes through. */
export type LinkQuality = 'good' | 'fair' | 'poor' | 'lost';

/** Why no connection to a peer comes about. */
export type PeerBlock =
  | 'no-candidates'
  | 'no-route'
  | 'turn-unauthorized'
  | 'turn-refused'
  | 'turn-unreachable'
  | 'too-many-connections'
  | 'unavailable';

/** Another page in the room, reached directly. The same object until something of it changes. */
export interface Peer {
  /** Number to address it by; a page that comes anew has a new one. */
  readonly id: number;
  /** Name of its page in the mesh, made up anew by each. */
  readonly instance: string;
  /** `y-webrtc`: a stock client of y-webrtc, which takes the document and presence, but no data, files and media. */
  readonly dialect: 'rejoin' | 'y-webrtc';
  /** Who it is, in the server's words, if the server knows. */
  readonly user: string | null;
  /** Its connection id in `room.presence.others`, once it has told it. */
  readonly connectionId: number | null;
  /** Where the link stands. */
  readonly state: PeerState;
  /** Why the link left the state before, in a word. */
  readonly reason: string | null;
  /** Whether its bytes go through a TURN server; null until that is known. */
  readonly path: 'direct' | 'relayed' | null;
  /** Why no connection comes about, while none does. */
  readonly blocked: PeerBlock | null;
  /** How well the link does; null until it was measured. */
  readonly quality: LinkQuality | null;
  /** Round trip in milliseconds; null until it was measured. */
  readonly rtt: number | null;
  /** Whether this peer has confirmed that every edit of ours is its own; of a stock client, whether it was sent them all. */
  readonly synced: boolean;
}

/** What can be sent to peers: JSON, or bytes. */
export type PeerData = Json | Uint8Array | ArrayBuffer;

/** How data goes to peers. */
export interface SendDataOptions {
  /** To these peers only; default: everybody with a link. */
  readonly to?: number | readonly number[] | undefined;
  /** Whether it is sent again until it arrives; default true. What is not has at most 15 kB, and may be lost. */
  readonly reliable?: boolean | undefined;
  /** Whether what was overtaken is dropped, where `reliable` is false; what is reliable is always in order. Default true. */
  readonly ordered?: boolean | undefined;
}

/** Data of a peer. */
export interface PeerMessage {
  readonly topic: string;
  /** Parsed JSON, or bytes of their own. */
  readonly data: Json | Uint8Array;
  /** Id of the peer. */
  readonly from: number;
}

/** Where a transfer stands. `waiting`: for the link to come back. */
export type TransferStatus = 'offered' | 'transferring' | 'waiting' | 'done' | 'rejected' | 'cancelled' | 'failed';

/** A file on its way to or from one peer. Immutable: each step is a new object in `room.files`. */
export interface FileTransfer {
  /** Number of the transfer on this page. */
  readonly id: number;
  readonly direction: 'incoming' | 'outgoing';
  /** Id of the peer. */
  readonly peer: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** MIME type; empty if it is not known. */
  readonly type: string;
  readonly status: TransferStatus;
  /** Bytes that the receiver has. */
  readonly transferred: number;
  /** Why it failed. */
  readonly error: SyncError | null;
  /** What came, whole and checked, once an incoming transfer is done. */
  readonly file: File | null;
  /** Takes an offer; resolves with the file once it is whole and its hash is right. Only for incoming transfers. */
  readonly accept: () => Promise<File>;
  /** Refuses an offer. */
  readonly reject: () => void;
  /** Ends the transfer on both sides; harmless once it is over. */
  readonly cancel: () => void;
  /** Resolves when the receiver has it all; rejects when it was refused, ended or failed. An unheard rejection is no error of the page. */
  readonly done: Promise<void>;
}

/** How a file is sent. */
export interface SendFileOptions {
  /** To these peers only; default: everybody with a link. Each has a transfer of its own. */
  readonly to?: number | readonly number[] | undefined;
  /** Name to offer it by; default: that of the `File`. */
  readonly name?: string | undefined;
  /** Hears each step of each transfer. */
  readonly onProgress?: ((transfer: FileTransfer) => void) | undefined;
  /** Cancels all its transfers. */
  readonly signal?: AbortSignal | undefined;
}
