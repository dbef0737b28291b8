import { Deferred } from '../deferred.js';
import { SyncError, toSyncError } from '../errors.js';
import type { PeersEvent } from '../peers-boundary.js';
import { type Notify, runSafely, type Store, ValueStore } from '../store.js';
import type { Mesh } from './mesh.js';
import { recipients } from './messages.js';
import { Parts } from './parts.js';
import type { Roster } from './roster.js';
import type { FileTransfer, SendFileOptions, TransferStatus } from './types.js';

type FileEvent = Extract<PeersEvent, { type: 'file' }>;
type WantEvent = Extract<PeersEvent, { type: 'want' }>;
type ChunkEvent = Extract<PeersEvent, { type: 'chunk' }>;
/** What of a transfer changes. */
type Progress = Pick<FileTransfer, 'status' | 'transferred' | 'error' | 'file'>;

/** What files need of their room. */
export interface FilesHost {
  readonly id: string;
  readonly mesh: Mesh;
  readonly roster: Roster;
  readonly notify: Notify;
  report(error: unknown): void;
}

/** One transfer, as long as the room is entered. */
interface Entry {
  shown: FileTransfer;
  /** Its number in the core; null once that is gone. */
  core: number | null;
  /** What is sent, until it is over. */
  blob: Blob | null;
  /** What has come. */
  readonly parts: Parts;
  readonly done: Deferred;
  readonly onProgress: SendFileOptions['onProgress'];
  /** Stops listening to the signal that cancels it. */
  readonly unwatch: () => void;
}

const NONE: readonly FileTransfer[] = Object.freeze([]);

/** Most that are shown of what is over without a file. */
const KEPT = 64;

/** Files that go from page to page. The core asks for pieces and gives pieces; neither side holds a file in wasm. */
export class Files {
  readonly #host: FilesHost;
  readonly #store: ValueStore<readonly FileTransfer[]>;
  readonly #entries = new Map<number, Entry>();
  readonly #byCore = new Map<number, Entry>();
  #last = 0;
  /** What is being offered: its first event comes while the core is called. */
  #offering: ((event: FileEvent) => Entry) | null = null;

  constructor(host: FilesHost) {
    this.#host = host;
    this.#store = new ValueStore(NONE, host.notify);
  }

  get store(): Store<readonly FileTransfer[]> {
    return this.#store;
  }

  readonly send = async (blob: Blob, options: SendFileOptions = {}): Promise<readonly FileTransfer[]> => {
    options.signal?.throwIfAborted();
    const made: Entry[] = [];
    for (const peer of recipients(this.#host, options.to)) {
      try {
        made.push(this.#offer(peer, blob, options));
      } catch (error) {
        // Who went in this moment is not missed where everybody was meant.
        if (options.to === undefined && toSyncError(error).code === 'E_NOT_CONNECTED') continue;
        for (const entry of made) this.#cancel(entry, 'cancelled');
        throw error;
      }
    }
    return made.map(({ shown }) => shown);
  };

  /** Takes what the core tells of a transfer. */
  handle(event: FileEvent): void {
    const { status, transferred } = event;
    const known = this.#byCore.get(event.transfer);
    // The core tells the end of what was ended here, too.
    if (!known && isOver(status)) return;
    const entry = known ?? this.#begin(event);
    const file = status === 'done' && event.direction === 'in' ? entry.parts.file(event.name, event.mime) : null;
    const error = status === 'done' || !isOver(status) ? null : failure(event, this.#host.id);
    const isWithdrawn = error !== null && event.direction === 'in' && entry.shown.status === 'offered';
    this.#change(entry, { status, transferred, error, file });
    if (isWithdrawn) this.#host.notify(() => this.#forget(entry));
  }

  /** The core wants a piece of what is sent. */
  async handleWant({ transfer, offset, length }: WantEvent): Promise<void> {
    const entry = this.#byCore.get(transfer);
    if (!entry?.blob) return;
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await entry.blob.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      // A file that was changed or taken away on disk cannot be read any more.
      if (entry.core !== null) this.#end(entry, 'failed', unreadable(cause, this.#host.id));
      return;
    }
    if (entry.core !== null) this.#host.mesh.tell((core, mesh) => core.fileChunk(mesh, transfer, offset, bytes));
  }

  /** A piece of what comes. */
  handleChunk({ transfer, offset, attachments: [bytes] }: ChunkEvent): void {
    const entry = this.#byCore.get(transfer);
    if (!entry) return;
    entry.parts.put(offset, bytes);
    this.#host.mesh.tell((core, mesh) => core.fileTaken(mesh, transfer, bytes.byteLength));
  }

  /** The mesh is gone, and what was on its way. */
  lost(why: string): void {
    const message = `${why} during the transfer; send it again`;
    const error = new SyncError('E_FILE', message, { room: this.#host.id, retryable: true });
    for (const entry of this.#byCore.values()) this.#change(entry, { status: 'failed', error });
    this.#byCore.clear();
  }

  /** The room was left. */
  close(): void {
    const error = new SyncError('E_FILE', 'the room was left during the transfer', { room: this.#host.id });
    for (const entry of this.#byCore.values()) this.#change(entry, { status: 'cancelled', error });
    this.#byCore.clear();
    this.#entries.clear();
    this.#store.set(NONE);
  }

  #offer(peer: number, blob: Blob, { name, onProgress, signal }: SendFileOptions): Entry {
    const named = name ?? (blob as Partial<File>).name ?? 'file';
    let made: Entry | null = null;
    const make = (core: number): Entry => {
      made ??= this.#add({ direction: 'outgoing', peer, name: named, size: blob.size, type: blob.type }, core, {
        blob,
        onProgress,
        signal,
      });
      return made;
    };
    this.#offering = (event) => make(event.transfer);
    try {
      return make(this.#host.mesh.call((core, mesh) => core.sendFile(mesh, peer, named, blob.size, blob.type)));
    } finally {
      this.#offering = null;
    }
  }

  #begin(event: FileEvent): Entry {
    const { transfer, peer, direction, name, size, mime: type } = event;
    if (direction === 'out' && this.#offering) return this.#offering(event);
    return this.#add({ direction: 'incoming', peer, name, size, type }, transfer, { blob: null });
  }

  #add(
    about: Pick<FileTransfer, 'direction' | 'peer' | 'name' | 'size' | 'type'>,
    core: number,
    { blob, onProgress, signal }: Pick<SendFileOptions, 'onProgress' | 'signal'> & { readonly blob: Blob | null },
  ): Entry {
    this.#last++;
    const id = this.#last;
    const done = new Deferred();
    const cancel = (): void => this.#cancel(entry, 'cancelled');
    signal?.addEventListener('abort', cancel, { once: true });
    const shown: FileTransfer = Object.freeze({
      ...about,
      id,
      status: 'offered',
      transferred: 0,
      error: null,
      file: null,
      accept: () => this.#accept(entry),
      reject: () => this.#cancel(entry, 'rejected'),
      cancel,
      done: done.promise,
    });
    const unwatch = (): void => signal?.removeEventListener('abort', cancel);
    const entry: Entry = { shown, core, blob, parts: new Parts(), done, onProgress, unwatch };
    this.#entries.set(id, entry);
    this.#byCore.set(core, entry);
    this.#publish();
    return entry;
  }

  async #accept(entry: Entry): Promise<File> {
    const { core, shown } = entry;
    if (shown.direction === 'outgoing') throw new SyncError('E_INVALID_ARGUMENT', 'this transfer is the own offer');
    if (shown.status === 'offered' && core !== null)
      this.#host.mesh.call((peers, mesh) => peers.acceptFile(mesh, core));
    await shown.done;
    return entry.shown.file as File;
  }

  #cancel(entry: Entry, status: 'cancelled' | 'rejected'): void {
    if (entry.core === null) return;
    const words = status === 'rejected' ? 'the offer was refused here' : 'the transfer was ended here';
    this.#end(entry, status, new SyncError('E_FILE', words, { room: this.#host.id }));
  }

  #end(entry: Entry, status: TransferStatus, error: SyncError): void {
    const { core } = entry;
    this.#change(entry, { status, error });
    if (core !== null) this.#host.mesh.tell((peers, mesh) => peers.cancelFile(mesh, core));
  }

  #change(entry: Entry, part: Partial<Progress>): void {
    const before = entry.shown;
    const shown: FileTransfer = Object.freeze({ ...before, ...part });
    if (shown.status === before.status && shown.transferred === before.transferred) return;
    entry.shown = shown;
    if (isOver(shown.status)) this.#settle(entry);
    this.#publish();
    const { onProgress } = entry;
    if (onProgress) this.#host.notify(() => runSafely(() => onProgress(shown)));
  }

  #settle(entry: Entry): void {
    if (entry.core !== null) this.#byCore.delete(entry.core);
    entry.core = null;
    entry.blob = null;
    entry.unwatch();
    entry.parts.clear();
    const { error } = entry.shown;
    if (error) entry.done.reject(error);
    else entry.done.resolve();
    const bare = [...this.#entries.values()].filter(({ shown }) => isOver(shown.status) && !shown.file);
    for (const { shown } of bare.slice(0, -KEPT)) this.#entries.delete(shown.id);
  }

  #forget({ shown }: Entry): void {
    if (this.#entries.delete(shown.id)) this.#publish();
  }

  #publish(): void {
    this.#store.set(Object.freeze([...this.#entries.values()].map(({ shown }) => shown)));
  }
}

function isOver(status: TransferStatus): boolean {
  return status !== 'offered' && status !== 'transferring' && status !== 'waiting';
}

/** What the core's word for an end means. */
const MEANINGS: Readonly<Record<string, string>> = {
  gone: 'the peer is gone; send it to the page that comes in its place',
  changed: 'the file changed while it was sent',
  corrupt: 'what came is not what was sent; it was dropped',
  here: 'the transfer was ended here',
  sender: 'the sender ended the transfer',
  receiver: 'the receiver ended the transfer',
};

function failure({ status, reason }: FileEvent, room: string): SyncError {
  const words =
    status === 'rejected' ? 'the receiver refused the file' : (MEANINGS[reason ?? ''] ?? `the transfer ${status}`);
  return new SyncError('E_FILE', words, { room, retryable: reason === 'gone' || reason === 'corrupt' });
}

function unreadable(cause: unknown, room: string): SyncError {
  const error = toSyncError(cause, room);
  if (error.code !== 'E_INTERNAL') return error;
  return new SyncError('E_FILE', `the file cannot be read any more: ${error.message}`, { room, cause });
}
