import { type Message, messagesOf, type PresenceEntry, presenceMessage, presenceOf } from './frames.js';

/** Close code of a socket that is no longer believed in; see `src/web/web_socket.rs`. */
export const ABANDONED = 4000;
/** An answer that does not come holds up the questions of others no longer than this at first, and than that in the end, in milliseconds. */
const PATIENCE = { first: 5_000, most: 60_000 } as const;

/** What the server says of itself, behind the tag `standing`; see `src/protocol/standing.rs`. */
const GREETING = 16;

/** Presence kept for who comes later. */
const MOST_PRESENT = 1_024;

type Bytes = Uint8Array<ArrayBuffer>;

/** What members of a trunk are told; `to` names members. */
export type TrunkEvent =
  | { readonly type: 'open'; readonly to: readonly string[]; readonly protocol: string }
  | { readonly type: 'frame' | 'relay'; readonly to: readonly string[]; readonly bytes: Bytes }
  | { readonly type: 'alone'; readonly to: readonly string[] }
  | {
      readonly type: 'close';
      readonly to: readonly string[];
      readonly code: number;
      readonly reason: string;
      readonly clean: boolean;
    };

/** What a trunk needs of a socket. */
export type RealSocket = Pick<WebSocket, 'binaryType' | 'protocol' | 'send' | 'close' | 'addEventListener'>;

interface Member {
  /** Ids it announced, with the clock of each. */
  readonly clients: Map<number, number>;
  /** A question that waits, and what is to follow it. */
  ask: Bytes | null;
  behind: Bytes[];
}

/**
 * One real socket for several replicas of a document.
 *
 * The server's frames go to every member, but the answer to a question only to who asked it: questions are asked one
 * at a time. What a member tells the server is relayed to the others, since a server need not echo to a socket what came
 * through it. A member that goes takes its presence along.
 */
export class Trunk {
  readonly #socket: RealSocket;
  readonly #emit: (event: TrunkEvent) => void;
  readonly #over: () => void;
  readonly #members = new Map<string, Member>();
  /** Everybody's presence, for who comes later. */
  readonly #present = new Map<number, PresenceEntry>();
  /** What the server last said of itself, for who comes later. */
  #greeting: Bytes | null = null;
  #asking: string | null = null;
  /** Questions that were given up, whose answers may still come. */
  #late = 0;
  /** Whether one of those answers came since the question of now. */
  #wasLate = false;
  /** How long an answer is waited for: longer after each that did not come in time. */
  #patience: number = PATIENCE.first;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #phase: 'opening' | 'open' | 'over' = 'opening';

  constructor(socket: RealSocket, emit: (event: TrunkEvent) => void, over: () => void) {
    this.#socket = socket;
    this.#emit = emit;
    this.#over = over;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#onOpen());
    socket.addEventListener('message', ({ data }: MessageEvent) => {
      if (this.#phase === 'open' && data instanceof ArrayBuffer) this.#onFrame(new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code, reason, wasClean }: CloseEvent) => this.#end(code, reason, wasClean));
  }

  /** A replica comes. */
  add(id: string): void {
    this.#members.set(id, { clients: new Map(), ask: null, behind: [] });
    if (this.#phase !== 'open') return;
    this.#emit({ type: 'open', to: [id], protocol: this.#socket.protocol });
    if (this.#greeting) this.#emit({ type: 'frame', to: [id], bytes: this.#greeting });
    if (this.#present.size > 0) {
      this.#emit({ type: 'frame', to: [id], bytes: presenceMessage([...this.#present.values()]) });
    }
  }

  /** A replica says something to the server. */
  send(id: string, frame: Bytes): void {
    const member = this.#members.get(id);
    if (!member || this.#phase !== 'open') return;
    for (const message of messagesOf(frame)) this.#take(id, member, message);
  }

  /** A replica goes, or with `ABANDONED` found the link dead: then it is dead for all. */
  remove(id: string, code: number, reason: string): void {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    if (code === ABANDONED) {
      this.#socket.close(ABANDONED);
      this.#end(1006, '', false);
    } else if (this.#members.size === 0) {
      this.#farewell(member);
      this.#socket.close(code, reason);
      this.#end(code, reason, true);
    } else {
      this.#farewell(member);
    }
  }

  /** Whether a replica speaks through this. */
  has(id: string): boolean {
    return this.#members.has(id);
  }

  /** A tab went, with all its replicas. */
  removeTab(prefix: string): void {
    for (const id of [...this.#members.keys()]) if (id.startsWith(prefix)) this.remove(id, 1000, '');
  }

  /** Ends it for everybody. */
  close(): void {
    this.#socket.close(1000);
    this.#end(1006, '', false);
  }

  #onOpen(): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'open';
    this.#emit({ type: 'open', to: [...this.#members.keys()], protocol: this.#socket.protocol });
  }

  #onFrame(frame: Bytes): void {
    const messages = messagesOf(frame);
    for (const { kind, payload, bytes } of messages) {
      if (kind === 'presence') this.#note(presenceOf(payload));
      else if (kind === 'standing' && payload[0] === GREETING) this.#greeting = bytes;
    }
    const answers = messages.some(({ kind }) => kind === 'answer');
    for (const { kind, bytes } of answers ? messages : [{ kind: null, bytes: frame }]) {
      if (kind === 'answer') this.#onAnswer(bytes);
      else this.#tellAll(bytes);
    }
  }

  /** Whose answer it is nobody can tell while an earlier one may still come: to all it is news then, as any other. */
  #onAnswer(bytes: Bytes): void {
    const asked = this.#asking;
    if (asked !== null && this.#late === 0) {
      this.#asking = null;
      this.#patience = PATIENCE.first;
      if (this.#members.has(asked)) this.#emit({ type: 'frame', to: [asked], bytes });
      this.#askNext();
      return;
    }
    this.#tellAll(asUpdate(bytes));
    if (this.#late > 0) this.#late--;
    this.#wasLate = true;
    if (asked !== null) this.#await();
  }

  /** Waits for the answer. Where another came meanwhile, that may have been it: servers leave out questions behind a large answer. */
  #await(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = setTimeout(() => {
      if (!this.#wasLate) this.#late++;
      this.#patience = Math.min(this.#patience * 2, PATIENCE.most);
      this.#asking = null;
      this.#askNext();
    }, this.#patience);
  }

  #take(id: string, member: Member, { kind, bytes, payload }: Message): void {
    if (kind === 'foreign') this.#leaveAlone(id, member);
    else if (kind === 'ask') this.#ask(member, bytes);
    // The server's alone to know; its answer goes to all, since it is about the link.
    else if (kind === 'token' || kind === 'standing') this.#socket.send(bytes);
    else if (kind === 'presence') this.#announce(id, member, bytes, presenceOf(payload));
    else this.#pass(id, bytes);
  }

  /** The latest question is the better one; members ask again where nobody answers. */
  #ask(member: Member, question: Bytes): void {
    member.ask = question;
    this.#askNext();
  }

  #announce(id: string, member: Member, bytes: Bytes, entries: readonly PresenceEntry[]): void {
    this.#note(entries);
    for (const { client, clock } of entries) member.clients.set(client, clock);
    // Who has yet to ask has yet to introduce itself: our server takes the next id for the asker's.
    if (member.ask === null) this.#pass(id, bytes);
    else member.behind.push(bytes);
  }

  #pass(id: string, bytes: Bytes): void {
    this.#socket.send(bytes);
    this.#relay(id, bytes);
  }

  /** A dialect that counts what comes over a link needs a link of its own. */
  #leaveAlone(id: string, member: Member): void {
    this.#members.delete(id);
    this.#farewell(member);
    this.#emit({ type: 'alone', to: [id] });
    if (this.#members.size > 0) return;
    this.#socket.close(1000);
    this.#end(1000, '', true);
  }

  #askNext(): void {
    if (this.#asking !== null || this.#phase !== 'open') return;
    const next = [...this.#members].find(([, member]) => member.ask !== null);
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    if (!next) return;
    const [id, member] = next;
    const { ask, behind } = member;
    [this.#asking, member.ask, member.behind] = [id, null, []];
    // The next to ask is one that has waited longer.
    this.#members.delete(id);
    this.#members.set(id, member);
    this.#wasLate = false;
    this.#await();
    if (ask) this.#socket.send(ask);
    for (const bytes of behind) this.#pass(id, bytes);
  }

  /** Keeps what is newer. */
  #note(entries: readonly PresenceEntry[]): void {
    for (const entry of entries) {
      const known = this.#present.get(entry.client);
      if (known && known.clock > entry.clock) continue;
      // Deleted first, so that the oldest news stands first.
      this.#present.delete(entry.client);
      if (entry.state !== null) this.#present.set(entry.client, entry);
    }
    for (const client of this.#present.keys()) {
      if (this.#present.size <= MOST_PRESENT) break;
      this.#present.delete(client);
    }
  }

  #farewell({ clients }: Member): void {
    const gone = [...clients].filter(([client]) => this.#present.has(client));
    if (gone.length === 0 || this.#phase !== 'open') return;
    // One at a time, so that a server takes each as said by who owns it. The clock stays: see `hub/presence.rs`.
    for (const [client] of gone) {
      const clock = this.#present.get(client)?.clock ?? 0;
      this.#present.delete(client);
      const bytes = presenceMessage([{ client, clock, state: null }]);
      this.#socket.send(bytes);
      this.#relay('', bytes);
    }
  }

  #relay(from: string, bytes: Bytes): void {
    const to = [...this.#members.keys()].filter((id) => id !== from);
    if (to.length > 0) this.#emit({ type: 'relay', to, bytes });
  }

  #tellAll(bytes: Bytes): void {
    if (this.#members.size > 0) this.#emit({ type: 'frame', to: [...this.#members.keys()], bytes });
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    clearTimeout(this.#timer ?? undefined);
    const to = [...this.#members.keys()];
    this.#members.clear();
    this.#over();
    if (to.length > 0) this.#emit({ type: 'close', to, code, reason, clean });
  }
}

/** An answer as what need not be one. */
function asUpdate(answer: Bytes): Bytes {
  const update = answer.slice();
  update[1] = 2;
  return update;
}
