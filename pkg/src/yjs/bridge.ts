import { SyncError } from 'rejoin';
import { Hold } from '../hold.js';
import type { Tap } from '../taps.js';
import { bring, isPassing } from './bring.js';
import { reportUncaught } from './emitter.js';
import type { InsideRoom } from './inside.js';
import type { YjsDoc, YjsModule } from './types.js';

/** What a bridge stands between. */
export interface BridgeHost<D extends YjsDoc> {
  readonly room: InsideRoom;
  readonly Y: YjsModule<D>;
  readonly doc: D;
  /** Whose transactions those are that bring the room's updates. */
  readonly origin: object;
  /** Tells what has no caller. */
  report(error: SyncError): void;
  /** Something about it may be different. */
  changed(): void;
  /** The document is let go of. */
  end(): void;
}

/** Milliseconds after which what the room refused is offered again, once something was written. */
const PATIENCE = 1_000;

/**
 * Carries updates between a room's document and the app's. Towards the room at once; towards the app's document out of a
 * stack of its own, since a binding may be in the middle of something whenever the room is called.
 */
export class Bridge<D extends YjsDoc> implements Tap {
  readonly #host: BridgeHost<D>;
  /** Updates of the room that the document has not got yet. */
  #arrived: Uint8Array[] = [];
  /** Whether the two are to be compared: at first, after a crash, and after whatever could not be taken in. */
  #isBehind = true;
  #sending: Uint8Array | null = null;
  #clientId: number;
  #refused: SyncError | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #scheduled = false;
  /** While edits are given up. */
  #discard: Promise<void> | null = null;
  #isOn = false;
  #isOver = false;
  #untap: (() => void) | null = null;
  #isWaiting = false;
  /** What the room has not taken in. */
  readonly #held: Hold;

  constructor(host: BridgeHost<D>) {
    this.#host = host;
    this.#held = new Hold(host.room);
    this.#clientId = host.doc.clientID;
    host.doc.on('update', this.#onUpdate);
  }

  /** Whether the room's document has everything of the app's. */
  get isLevel(): boolean {
    return !this.#isBehind && !this.#refused && !this.#discard && !this.#isOver;
  }

  /** Whether the app's document has everything of the room's. */
  get isCurrent(): boolean {
    return !this.#isBehind && this.#arrived.length === 0;
  }

  /** Begins, now or when the room is ready. */
  start(): void {
    this.#isOn = true;
    this.connect();
  }

  /** Taps the room, if it began and that is not done, as soon as it is ready. */
  connect(): void {
    const { room } = this.#host;
    if (!this.#isOn || this.#untap || this.#isWaiting || this.#isOver) return;
    if (room.isReady) {
      this.#untap = room.loaded().taps.add(this, (fn) => room.read(fn));
      this.reload();
      return;
    }
    this.#isWaiting = true;
    const settled = (isReady: boolean): void => {
      this.#isWaiting = false;
      if (isReady) this.connect();
    };
    room.ready.then(
      () => settled(true),
      () => settled(false),
    );
  }

  /** Gives the room what it has not got yet, now or when it is ready, if it began, and lets go. */
  stop(): void {
    if (this.#isOver) return;
    this.#giveRest();
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#host.doc.off('update', this.#onUpdate);
    this.#untap?.();
    this.#held.end();
    this.#arrived = [];
  }

  /** See {@link Tap}. */
  reload(): void {
    this.#isBehind = true;
    this.#later();
  }

  /** See {@link Tap}. */
  offer(update: Uint8Array): void {
    if (this.#sending && isSame(this.#sending, update)) return;
    this.#arrived.push(update);
    this.#later();
  }

  /** See {@link Tap}. */
  discard(done: Promise<void>): void {
    const { room } = this.#host;
    this.#discard = done;
    done.then(
      () => {
        if (this.#isOver) return;
        const message = 'the document holds edits that were discarded, and takes part no more; attach a new one';
        this.#host.report(new SyncError('E_REJECTED', message, { room: room.id }));
        this.#host.end();
      },
      () => {
        this.#discard = null;
        this.reload();
      },
    );
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown, _doc: unknown, transaction: unknown): void => {
    if (origin === this.#host.origin && !this.#wroteIn(transaction)) return;
    if (this.#isBehind || this.#discard || !this.#host.room.isReady) this.#wait();
    else if (this.#refused) this.#timer ??= setTimeout(() => this.#offerAgain(), PATIENCE);
    else this.#push(() => update);
    this.#host.changed();
  };

  /** An app may write while a transaction of the room's is open, and its words are in it then; Yjs changes its id over that. */
  #wroteIn(transaction: unknown): boolean {
    const { beforeState, afterState } = transaction as Record<'beforeState' | 'afterState', Map<number, number>>;
    const id = this.#clientId;
    this.#clientId = this.#host.doc.clientID;
    return beforeState?.get(id) !== afterState?.get(id);
  }

  /** What is written now goes when the two are compared. */
  #wait(): void {
    this.#isBehind = true;
    this.#held.begin();
  }

  #offerAgain(): void {
    this.#timer = undefined;
    if (this.#isOver || this.#discard || !this.#host.room.isReady) return;
    this.#pushAll();
    this.#host.changed();
  }

  /** What the room lacks of the document as it is now: nobody offers it later. */
  #giveRest(): void {
    const { room, Y, doc } = this.#host;
    // Until then neither gives the other anything.
    if (!this.#isOn) return;
    // After a crash the document may have what the room's log has not.
    if (this.isLevel && room.isReady) return;
    if (this.#discard) {
      const update = Y.encodeStateAsUpdate(doc);
      this.#discard.catch(() => bring(room, update));
      return;
    }
    this.#isBehind = !room.isReady;
    if (!this.#isBehind) this.#pushAll();
    if (this.#isBehind) bring(room, Y.encodeStateAsUpdate(doc));
  }

  /** Gives the room whatever it lacks; the deletions go whole. */
  #pushAll(): void {
    const { room, Y, doc } = this.#host;
    this.#push(() => Y.encodeStateAsUpdate(doc, room.stateVector()));
  }

  #push(read: () => Uint8Array): void {
    const refused = this.#refused;
    const outer = this.#sending;
    try {
      this.#sending = read();
      this.#host.room.applyUpdate(this.#sending);
      this.#refused = null;
    } catch (thrown) {
      const error = thrown as SyncError;
      this.#held.begin();
      if (isPassing(error)) {
        this.#isBehind = true;
        return;
      }
      this.#refused = error;
      if (refused?.code !== error.code) this.#host.report(error);
    } finally {
      this.#sending = outer;
    }
    if (!this.#isBehind && !this.#refused) this.#held.end();
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#isOver || this.#discard) return;
      if (this.#isBehind && this.#host.room.isReady) this.#compare();
      this.#take();
      this.#host.changed();
    });
  }

  /** Both get what they lack, by their state vectors. */
  #compare(): void {
    const { room, Y, doc } = this.#host;
    // What arrived is in the room's document by now.
    this.#arrived = [room.encodeStateAsUpdate(Y.encodeStateVector(doc))];
    this.#isBehind = false;
    this.#pushAll();
  }

  #take(): void {
    const { Y, doc, origin } = this.#host;
    const updates = this.#arrived;
    this.#arrived = [];
    for (const update of updates) {
      try {
        Y.applyUpdate(doc, update, origin);
      } catch (error) {
        // Of an observer of the app: Yjs has taken the update in by then.
        reportUncaught(error);
      }
    }
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
