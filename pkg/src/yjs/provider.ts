import type { SyncError } from 'rejoin';
import { PresenceAwareness, type YjsAwareness } from './awareness.js';
import { Bridge } from './bridge.js';
import { Emitter } from './emitter.js';
import type { InsideRoom } from './inside.js';
import type { AttachOptions, YjsDoc, YjsProvider, YjsStatus } from './types.js';

/** What a provider says of itself, for comparison. */
interface Shown {
  readonly status: YjsStatus;
  readonly synced: boolean;
  readonly saved: boolean;
  readonly error: SyncError | null;
}

const STATUS: Readonly<Record<string, YjsStatus>> = {
  connected: 'connected',
  connecting: 'connecting',
  reconnecting: 'connecting',
};

/** The {@link YjsProvider} of a room. */
export class RoomProvider<D extends YjsDoc> extends Emitter implements YjsProvider<D> {
  readonly doc: D;
  readonly awareness: YjsAwareness<D>;
  readonly #room: InsideRoom;
  readonly #bridge: Bridge<D>;
  readonly #stops: readonly (() => void)[];
  readonly #ended: () => void;
  #shown: Shown = { status: 'disconnected', synced: false, saved: false, error: null };
  #scheduled = false;
  /** Whether what holds is told again. */
  #isAsked = false;
  #over = false;

  /** `ended` is called when it lets go of the document. */
  constructor(room: InsideRoom, { Y, doc, connect = true }: AttachOptions<D>, ended: () => void) {
    super();
    this.doc = doc;
    this.#room = room;
    this.#ended = ended;
    const report = (error: SyncError): void => this.#report(error);
    this.awareness = new PresenceAwareness(room, doc, report);
    const changed = (): void => this.#later();
    const end = (): void => this.destroy();
    this.#bridge = new Bridge({ room, Y, doc, origin: this, report, changed, end });
    this.#stops = [room.connection.subscribe(changed), room.sync.subscribe(changed)];
    doc.on('destroy', this.#onDocDestroyed);
    if (connect) this.#bridge.start();
    this.#shown = this.#read();
  }

  get synced(): boolean {
    return this.#shown.synced;
  }

  get saved(): boolean {
    return this.#read().saved;
  }

  get status(): YjsStatus {
    return this.#shown.status;
  }

  get wsconnected(): boolean {
    return this.status === 'connected';
  }

  get wsconnecting(): boolean {
    return this.status === 'connecting';
  }

  connect(): void {
    if (this.#over) return;
    this.#room.connect();
    this.#bridge.start();
    this.#isAsked = true;
    this.#later();
  }

  disconnect(): void {
    if (!this.#over) this.#room.disconnect();
  }

  destroy(): void {
    if (this.#over) return;
    this.#bridge.stop();
    this.awareness.destroy();
    for (const stop of this.#stops) stop();
    this.doc.off('destroy', this.#onDocDestroyed);
    this.#over = true;
    this.#shown = { ...this.#shown, status: 'disconnected', synced: false, saved: false };
    this.#ended();
    this.emit('destroy', [this]);
    this.clear();
  }

  readonly #onDocDestroyed = (): void => this.destroy();

  /** Who attaches the document hears it; where nobody can, the client's `error` event does. */
  #report(error: SyncError): void {
    this.#room.report(error);
    this.emit('error', [error]);
    this.#later();
  }

  /** Out of a stack of its own, behind the updates that came with it. */
  #later(): void {
    if (this.#scheduled || this.#over) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#over) return;
      this.#bridge.connect();
      this.#tell(this.#read());
    });
  }

  #read(): Shown {
    const { status: word, error } = this.#room.connection.getSnapshot();
    const { status: level, local, obstacle } = this.#room.sync.getSnapshot();
    const status = STATUS[word] ?? 'disconnected';
    const isCurrent = this.#shown.synced || (level !== 'synchronizing' && this.#bridge.isCurrent);
    // Of a room that began anew nothing is taken until the app has said what becomes of what is here.
    const isSynced = status === 'connected' && isCurrent && obstacle !== 'epoch';
    const saved = !this.#over && local === 'saved' && this.#bridge.isLevel && this.#room.isReady;
    return { status, error, saved, synced: !this.#over && isSynced };
  }

  #tell(now: Shown): void {
    const before = this.#shown;
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    this.#shown = now;
    if (now.status !== before.status || (isAsked && now.status === 'connected'))
      this.emit('status', [{ status: now.status }]);
    if (before.status === 'connected' && now.status !== 'connected') this.emit('connection-close', [null, this]);
    if (now.error && now.error !== before.error) this.emit('connection-error', [now.error, this]);
    if (now.synced !== before.synced || (isAsked && now.synced))
      for (const name of ['synced', 'sync']) this.emit(name, [now.synced]);
    if (now.saved !== before.saved) this.emit('saved', [now.saved]);
  }
}
