import type { VirtualSocket } from '../shared/virtual-socket.js';
import { type Close, closeOf, closeOfDenial } from './close.js';
import { type Bytes, messageFrame, type Statement, statelessFrame, tokenFrame } from './frame.js';
import { admitted, greeting, isQuestion, refused, wordsOf } from './words.js';

/** What servers are told to speak to; they hand it to their hooks. */
const VERSION = 'rejoin';

/**
 * How long the core is told that its token lasts where the server wants one, in milliseconds: so it asks the app for a fresh one
 * after a second, the soonest it does (`MIN_WAIT` in `src/connection/credentials.rs`).
 */
const SOON = 1_250;

/** What a seat needs of its connection. */
export interface SeatHost {
  /** Sends a frame to the server. */
  transmit(frame: Bytes): void;
  /** The document is over for the server. */
  end(seat: Seat, close: Close): void;
  /** The server said something that is no part of the document. */
  hearStateless(document: string, text: string): void;
}

/**
 * Where a document stands with the server:
 *
 *     new ── token shown ──► asked ── Authenticated ──► admitted
 */
type Stage = { readonly kind: 'new' } | { readonly kind: 'asked'; readonly held: Bytes[] } | Admitted;

interface Admitted {
  readonly kind: 'admitted';
  readonly access: 'read' | 'write';
}

/** One document on a connection: the core speaks and hears y-websocket's dialect here, the server its own. */
export class Seat {
  readonly socket: VirtualSocket;
  readonly document: string;
  /** The core's last question, for who wants to know whether the link is alive. */
  question: Bytes | null = null;
  readonly #host: SeatHost;
  readonly #showsToken: boolean;
  #stage: Stage = { kind: 'new' };

  constructor(host: SeatHost, socket: VirtualSocket, showsToken: boolean) {
    this.#host = host;
    this.socket = socket;
    this.document = socket.id;
    this.#showsToken = showsToken;
  }

  get isAdmitted(): boolean {
    return this.#stage.kind === 'admitted';
  }

  /** Whether the server knows of it. */
  get isKnown(): boolean {
    return this.#stage.kind !== 'new';
  }

  /** The connection is open. A server wants a token from everybody, be it an empty one. */
  open(): void {
    if (!this.#showsToken) this.#show('');
    this.socket.open('');
  }

  /** The core says something. */
  say(frame: Bytes): void {
    for (const word of wordsOf(frame)) {
      if (word.kind === 'token') this.#show(word.token);
      else if (word.kind === 'message') this.#pass(word.bytes);
      // Later: the core is in use.
      else if (this.#stage.kind === 'admitted') queueMicrotask(() => this.#greet());
    }
  }

  /** The server says something. */
  hear(statement: Statement): void {
    switch (statement.kind) {
      case 'message':
        this.#tell(statement.bytes);
        break;
      case 'token-wanted':
        if (this.#showsToken) this.#tell(admitted(SOON));
        else this.#show('');
        break;
      case 'denied':
        this.#end(closeOfDenial(statement.reason, { wasAdmitted: this.isAdmitted, showedToken: this.#showsToken }));
        break;
      case 'authenticated':
        this.#admit(statement.access);
        break;
      case 'stateless':
        this.#host.hearStateless(this.document, statement.text);
        break;
      case 'closed':
        this.#end(closeOf(statement.reason));
        break;
      case 'status':
        // What was applied is acknowledged when its content comes back.
        if (!statement.isApplied) this.#tell(refused('it lets this client only read, or a hook of it refuses'));
        break;
      case 'malformed':
        this.#end({ code: 1002, reason: 'a frame of Hocuspocus that cannot be read' });
        break;
      case 'unknown':
    }
  }

  /** Sends a text that is no part of the document; `false` while the server has not let it in. */
  sendStateless(text: string): boolean {
    if (!this.isAdmitted) return false;
    this.#host.transmit(statelessFrame(this.document, text));
    return true;
  }

  /** A server confirms the first token alone. Of tabs that share this seat each shows its own, and wants to know that it may do so again. */
  #show(token: string): void {
    if (this.#stage.kind === 'new') this.#stage = { kind: 'asked', held: [] };
    this.#host.transmit(tokenFrame(this.document, token, VERSION));
    if (this.#stage.kind === 'admitted') queueMicrotask(() => this.#tell(admitted(0)));
  }

  /** Servers keep little of what comes before they have let somebody in, so it waits here. */
  #pass(message: Bytes): void {
    if (isQuestion(message)) this.question = message;
    if (this.#stage.kind === 'admitted') this.#host.transmit(messageFrame(this.document, message));
    else if (this.#stage.kind === 'asked') this.#stage.held.push(message);
  }

  #admit(access: 'read' | 'write'): void {
    const held = this.#stage.kind === 'asked' ? this.#stage.held : [];
    this.#stage = { kind: 'admitted', access };
    this.#tell(admitted(0));
    this.#greet();
    for (const message of held) this.#pass(message);
  }

  #greet(): void {
    if (this.#stage.kind === 'admitted') this.#tell(greeting(this.#stage.access));
  }

  #tell(bytes: Bytes): void {
    this.socket.receive('message', bytes);
  }

  #end(close: Close): void {
    this.#host.end(this, close);
  }
}
