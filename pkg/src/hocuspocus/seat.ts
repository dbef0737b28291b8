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

/**
 * How long it is told so behind that, in milliseconds: the core forgets when the token really ends, and asks until this is over. Half of it
 * later it is told again, as long as it has shown none.
 */
const WANTED_FOR = 60_000;

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
type Stage =
  | { readonly kind: 'new' }
  | { readonly kind: 'asked'; readonly held: Bytes[] }
  | { readonly kind: 'admitted' };

/** One document on a connection: the core speaks and hears y-websocket's dialect here, the server its own. */
export class Seat {
  readonly socket: VirtualSocket;
  readonly document: string;
  readonly #host: SeatHost;
  readonly #showsToken: boolean;
  #stage: Stage = { kind: 'new' };
  /** Whether the core has shown a token in place, and is to hear that it may again. */
  #owesAdmission = false;
  /** When the core was last told that the server wants a token it has not shown yet, in milliseconds of `performance.now`. */
  #toldWant: number | null = null;

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
      else this.#pass(word.bytes);
    }
  }

  /** The server says something. */
  hear(statement: Statement): void {
    this.#tellWhatWaits();
    switch (statement.kind) {
      case 'message':
        this.#tell(statement.bytes);
        break;
      case 'token-wanted':
        if (this.#showsToken) this.#want(SOON);
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
    this.#owesAdmission = this.#stage.kind === 'admitted' && this.#showsToken;
    this.#toldWant = null;
  }

  /** Behind a word of the server only: whatever the core hears is life to it, and a dead link must not seem alive. */
  #tellWhatWaits(): void {
    if (this.#owesAdmission) this.#tell(admitted(0));
    this.#owesAdmission = false;
    if (this.#toldWant !== null && performance.now() - this.#toldWant >= WANTED_FOR / 2) this.#want(WANTED_FOR);
  }

  /** The server wants a token: the core asks the app in four fifths of so many milliseconds, or as soon as it meant to. */
  #want(lifetime: number): void {
    this.#toldWant = performance.now();
    this.#tell(admitted(lifetime));
    if (lifetime !== WANTED_FOR) this.#tell(admitted(WANTED_FOR));
  }

  /** Servers keep little of what comes before they have let somebody in, so it waits here. */
  #pass(message: Bytes): void {
    if (this.#stage.kind === 'admitted') this.#host.transmit(messageFrame(this.document, message));
    else if (this.#stage.kind === 'asked') hold(this.#stage.held, message);
  }

  #admit(access: 'read' | 'write'): void {
    const held = this.#stage.kind === 'asked' ? this.#stage.held : [];
    this.#stage = { kind: 'admitted' };
    this.#tell(admitted(0));
    this.#tell(greeting(access));
    for (const message of held) this.#pass(message);
  }

  #tell(bytes: Bytes): void {
    this.socket.receive('message', bytes);
  }

  #end(close: Close): void {
    this.#host.end(this, close);
  }
}

/** A later question is asked instead of an earlier one: each is answered with all that is missing. */
function hold(held: Bytes[], message: Bytes): void {
  const earlier = isQuestion(message) ? held.findIndex(isQuestion) : -1;
  if (earlier < 0) held.push(message);
  else held[earlier] = message;
}
