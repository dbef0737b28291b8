import { TabGroup, type TabListener, type TabPlatform } from './leader.js';
import { type SocketConstructor, socketConstructor } from './socket-constructor.js';
import { type RealSocket, Trunk, type TrunkEvent } from './trunk.js';
import { type SocketPort, VirtualSocket } from './virtual-socket.js';

/** What tabs ask of the leader, and what it tells them. */
type Note =
  | { readonly type: 'join'; readonly id: string; readonly url: string; readonly protocols: readonly string[] }
  | { readonly type: 'say'; readonly id: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'part'; readonly id: string; readonly code: number; readonly reason: string }
  | { readonly type: 'tell'; readonly event: TrunkEvent };

/** Makes the sockets of the leader. */
export type OpenSocket = (url: string, protocols: readonly string[]) => RealSocket;

const openBrowserSocket: OpenSocket = (url, protocols) => new WebSocket(url, [...protocols]);

/**
 * The sockets of all tabs of a profile that have the same name: one of them, the leader, holds one real socket per URL.
 * When the leader changes, the sockets of all tabs are lost, and come back through the next one as any lost socket does.
 */
export class SharedSockets implements TabListener, SocketPort {
  /** Used like `WebSocket`. */
  readonly Socket: SocketConstructor;
  readonly bufferedAmount = 0;
  readonly #name: string;
  readonly #openSocket: OpenSocket;
  readonly #platform: TabPlatform | undefined;
  readonly #sockets = new Map<string, VirtualSocket>();
  /** Ids the present leader knows of. */
  readonly #joined = new Set<string>();
  readonly #trunks = new Map<string, Trunk>();
  /** URLs at which a dialect is spoken that cannot be shared. */
  readonly #alone = new Set<string>();
  #group: TabGroup | null = null;
  #last = 0;

  constructor(name: string, openSocket: OpenSocket = openBrowserSocket, platform?: TabPlatform) {
    this.#name = `documents/${encodeURIComponent(name)}`;
    this.#openSocket = openSocket;
    this.#platform = platform;
    this.Socket = socketConstructor((url, protocols) => this.#open(url, protocols));
  }

  /** Asks to lead, though this has no socket of its own. */
  join(): TabGroup {
    this.#group ??= new TabGroup(this.#name, this, this.#platform);
    return this.#group;
  }

  /** Lets go of everything; another tab leads. */
  dispose(): void {
    for (const socket of [...this.#sockets.values()]) socket.close();
    this.#closeTrunks();
    this.#group?.leave();
    this.#group = null;
  }

  lead(): void {
    this.#lose();
    this.#joinAll();
  }

  follow(): void {
    this.#lose();
    this.#joinAll();
  }

  pause(): void {
    this.#closeTrunks();
    this.#lose();
  }

  come(): void {}

  go(tab: string): void {
    for (const trunk of [...this.#trunks.values()]) trunk.removeTab(`${tab}/`);
  }

  hear(_from: string, data: unknown): void {
    this.#handle(data as Note);
  }

  send({ id }: VirtualSocket, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#joined.has(id)) this.#ask({ type: 'say', id, bytes });
  }

  close({ id }: VirtualSocket, code: number, reason: string): void {
    this.#sockets.delete(id);
    if (this.#joined.delete(id)) this.#ask({ type: 'part', id, code, reason });
  }

  #open(url: string, protocols: readonly string[]): object {
    if (this.#alone.has(url)) return this.#openSocket(url, protocols);
    const { protocol } = new URL(url);
    if (!/^(wss?|https?):$/.test(protocol)) throw new DOMException(`${protocol} is no socket`, 'SyntaxError');
    const group = this.join();
    const socket = new VirtualSocket(this, `${group.id}/${++this.#last}`, url, protocols);
    this.#sockets.set(socket.id, socket);
    if (group.isLed) this.#join(socket);
    return socket;
  }

  /** To the leader; later, since it may answer at once and the core that asks is in use. */
  #ask(note: Note): void {
    const group = this.#group;
    if (!group) return;
    if (group.leads) queueMicrotask(() => this.#handle(note));
    else group.sendToLeader(note);
  }

  #join({ id, url, protocols }: VirtualSocket): void {
    this.#joined.add(id);
    this.#ask({ type: 'join', id, url, protocols });
  }

  #joinAll(): void {
    for (const socket of [...this.#sockets.values()]) this.#join(socket);
  }

  /** What an earlier leader held is gone; what nobody held yet goes on. */
  #lose(): void {
    const lost = [...this.#joined];
    this.#joined.clear();
    for (const id of lost) this.#end(id, 1006, '', false);
  }

  #end(id: string, code: number, reason: string, clean: boolean): void {
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    this.#joined.delete(id);
    socket?.end(code, reason, clean);
  }

  #handle(note: Note): void {
    if (note.type === 'tell') this.#tell(note.event);
    else if (!this.#group?.leads) return;
    else if (note.type === 'join') this.#admit(note.id, note.url, note.protocols);
    else if (note.type === 'say') this.#trunkOf(note.id)?.send(note.id, note.bytes);
    else this.#trunkOf(note.id)?.remove(note.id, note.code, note.reason);
  }

  #trunkOf(id: string): Trunk | undefined {
    return [...this.#trunks.values()].find((trunk) => trunk.has(id));
  }

  #admit(id: string, url: string, protocols: readonly string[]): void {
    // Tokens differ from tab to tab and from attempt to attempt; whose they are is what the name says.
    const key = [url, ...protocols.filter((protocol) => !protocol.startsWith('bearer.'))].join('\n');
    try {
      const trunk = this.#trunks.get(key) ?? this.#makeTrunk(key, url, protocols);
      trunk.add(id);
    } catch {
      this.#emit({ type: 'close', to: [id], code: 1006, reason: '', clean: false });
    }
  }

  #makeTrunk(key: string, url: string, protocols: readonly string[]): Trunk {
    const trunk: Trunk = new Trunk(
      this.#openSocket(url, protocols),
      (event) => this.#emit(event),
      () => {
        if (this.#trunks.get(key) === trunk) this.#trunks.delete(key);
      },
    );
    this.#trunks.set(key, trunk);
    return trunk;
  }

  #closeTrunks(): void {
    for (const trunk of [...this.#trunks.values()]) trunk.close();
    this.#trunks.clear();
  }

  /** To this tab and, if it is for any of them, to the others. */
  #emit(event: TrunkEvent): void {
    const own = `${this.#group?.id}/`;
    if (event.to.some((id) => !id.startsWith(own))) this.#group?.send({ type: 'tell', event: compact(event) });
    this.#tell(event);
  }

  #tell(event: TrunkEvent): void {
    for (const id of event.to) {
      const socket = this.#sockets.get(id);
      if (!socket || !this.#joined.has(id)) continue;
      if (event.type === 'open') socket.open(event.protocol);
      else if (event.type === 'frame') socket.receive('message', event.bytes);
      else if (event.type === 'relay') socket.receive('relay', event.bytes);
      else if (event.type === 'close') this.#end(id, event.code, event.reason, event.clean);
      else this.#leaveAlone(socket);
    }
  }

  #leaveAlone({ id, url }: VirtualSocket): void {
    this.#alone.add(url);
    this.#end(id, 1006, '', false);
  }
}

/** Cloning a view clones all it is a view of. */
function compact(event: TrunkEvent): TrunkEvent {
  return event.type === 'frame' || event.type === 'relay' ? { ...event, bytes: event.bytes.slice() } : event;
}
