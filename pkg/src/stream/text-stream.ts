import { fromProblem, type SyncError, toSyncError, wordsOf } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { CoreMessage, CoreStream, CoreStreamOptions, LinkEvent } from '../links-boundary.js';
import { ValueStore } from '../store.js';
import type { StreamInit, StreamResume, StreamState, StreamUrl, TextStream } from '../stream.js';
import { messageEvent, originOf } from './events.js';
import { IDLE } from './idle.js';
import { coreOptions, type LinkOwner, StreamLink } from './link.js';
import { asOneOfAllTabs } from './one-tab.js';
import { canGoOn, type Position, RecordKeeper } from './record.js';
import { Writing } from './writing.js';

/** Streams of this page so far. */
let streams = 0;

/** Text, in characters, that a reader may lag behind. */
const HIGH_WATER = 65_536;

/** The {@link TextStream} behind its interface. */
export class TextStreamImpl implements TextStream, LinkOwner {
  readonly state: ValueStore<StreamState>;
  readonly #init: StreamInit;
  readonly #link: StreamLink;
  readonly #resume: StreamResume | null;
  readonly #record: RecordKeeper | null;
  readonly #origin: string;
  readonly #readers = new Set<Reader>();
  #position: Position = EMPTY;
  /** The text that the answer goes into. */
  readonly #writing: Writing | null;
  #state: StreamState = IDLE;
  /** Whether the next piece waits for a reader. */
  #held = false;
  #done: Promise<string> | null = null;
  /** The last writing into the text: the next one follows it. */
  #typing: Promise<void> = Promise.resolve();
  #launches = 0;
  /** The whole answer is one step to undo, however often it is gone on with. */
  readonly #step = `stream/${++streams}`;

  constructor(engine: LinksEngine, url: StreamUrl, init: StreamInit = {}) {
    this.#init = init;
    this.#resume = resumeOf(init);
    this.#origin = originOf(url);
    this.#link = new StreamLink(engine, this, url, init, this.#resume);
    this.state = new ValueStore<StreamState>(IDLE, engine.notify);
    const read = () => ({ ...this.#position, marks: this.#writing?.marks ?? [] });
    const resume = this.#resume;
    this.#record = resume?.id ? new RecordKeeper(resume.id, canReplay(resume), read) : null;
    this.#writing = init.into ? new Writing(init.into, () => this.#record?.note()) : null;
    init.signal?.addEventListener('abort', this.#abort);
    // After the caller has subscribed, and not at all where it is let go at once, as StrictMode does.
    queueMicrotask(() => this.#begin());
  }

  get lastEventId(): string {
    return this.#position.lastEventId;
  }

  get done(): Promise<string> {
    this.#done ??= new Promise((resolve, reject) => {
      const look = (): void => {
        const { status, text, error } = this.state.getSnapshot();
        if (status === 'done' || status === 'stopped') resolve(text);
        else if (status === 'error') reject(error);
        else return;
        stop();
      };
      const stop = this.state.subscribe(look);
      look();
    });
    return this.#done;
  }

  stop(): void {
    this.#record?.forget();
    if (isOver(this.#state.status)) return;
    this.#letGo();
    this.#change({ status: 'stopped', error: null, reason: { kind: 'requested' }, nextRetryAt: null });
    this.#link.drainSoon();
  }

  disconnect(): void {
    if (isOver(this.#state.status)) return;
    if (!this.#resume) {
      this.stop();
      return;
    }
    this.#record?.flush();
    this.#letGo();
    this.#change({ status: 'idle', error: null, reason: { kind: 'requested' }, nextRetryAt: null });
    this.#link.drainSoon();
  }

  retry(): void {
    if (this.#init.signal?.aborted) return;
    const { status } = this.#state;
    if (this.#link.isOpen && !isOver(status)) {
      this.#link.call((core, link) => core.startStream(link));
      return;
    }
    this.#link.close();
    if (!this.#canContinue() || status === 'done' || status === 'stopped') this.#forget();
    this.#done = null;
    this.#change({ status: 'idle', reason: { kind: 'requested' } });
    this.#launch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#readFrom(0);
  }

  options(): CoreStreamOptions {
    const { format, eofIsDone } = this.#init;
    const { text, lastEventId, behind, events, opened } = this.#position;
    const own = typeof format === 'function';
    const received = own ? events : new TextEncoder().encode(text).length;
    const resume = this.#resume === null ? 'never' : canReplay(this.#resume) ? 'once-opened' : 'by-id';
    return {
      ...coreOptions(this.#init),
      mode: 'text',
      format: own ? 'raw' : (format ?? 'auto'),
      resume,
      received,
      behind,
      opened,
      lastEventId: lastEventId || (this.#init.lastEventId ?? ''),
      ...(eofIsDone === undefined ? {} : { eofIsDone }),
    };
  }

  survives(): boolean {
    return this.#canContinue();
  }

  take(events: readonly LinkEvent[]): boolean {
    let read = false;
    for (const event of events) {
      if (event.type === 'text') this.#append(event.text, event);
      else if (event.type === 'messages') this.#link.notify(() => this.#interpret(event.messages, event));
      else if (event.type === 'restart') this.#forget();
      else if (event.type === 'stream') this.#follow(event);
      else if (event.type === 'response') this.#link.tellHead(event);
      read ||= event.type === 'text';
    }
    if (read) this.#held = this.#isCongested();
    return read && !this.#held;
  }

  fail(error: SyncError): void {
    this.#change({ status: 'error', error, nextRetryAt: null });
    this.#link.drainSoon();
  }

  readonly #abort = (): void => this.stop();

  /** Starts by itself, unless it was stopped, or told to wait, before. */
  #begin(): void {
    if (this.#state.status === 'idle' && this.#state.reason === null) this.#launch();
  }

  #launch(): void {
    const { into, signal } = this.#init;
    if (signal?.aborted) {
      this.stop();
      return;
    }
    signal?.addEventListener('abort', this.#abort);
    const writing = this.#writing;
    if (!into || !writing) {
      this.#open();
      return;
    }
    const launch = ++this.#launches;
    const work = async (): Promise<void> => {
      // Stopped or let go of while others were waited for.
      if (launch !== this.#launches) return;
      this.#open();
      const reader = this.#readFrom(0, isLeft);
      writing.follow(reader);
      const options = { step: this.#step, '~writer': writing };
      await into.pipeFrom({ [Symbol.asyncIterator]: () => reader }, options);
      await this.#finish(writing);
    };
    const id = this.#resume?.id;
    const before = Promise.all([this.#typing, id && leaving.get(id)]);
    const run = before
      .then(() => asOneOfAllTabs(id, work))
      .then((here) => {
        if (here || this.#state.status !== 'idle') return;
        // Another tab has written it: a page of this tab that goes on from its own record would write it again.
        this.#record?.forget();
        this.#change({ status: 'done' });
        this.#link.drainSoon();
      });
    this.#typing = run.catch((error: unknown) => this.#complain(error));
  }

  /** Nobody reads on; whoever goes on with the answer, or begins another of its name, follows what is still being written. */
  #letGo(): void {
    this.#launches++;
    if (this.#resume?.id) leave(this.#resume.id, this.#typing);
    this.#link.close();
  }

  /** The whole answer outlives the page: there is nothing to go on with. */
  async #finish(writing: Writing): Promise<void> {
    if (this.#state.status !== 'done') return;
    await writing.kept();
    if (this.#state.status === 'done') this.#record?.forget();
  }

  /** A failed stream tells it in its state; a text that cannot be written has nobody else to tell. */
  #complain(error: unknown): void {
    if (this.#state.error === error) return;
    this.stop();
    this.fail(toSyncError(error));
  }

  #readFrom(position: number, ends: Ends = ({ status }) => isOver(status)): Reader {
    const moved = (left: boolean): void => {
      if (left) this.#readers.delete(reader);
      this.#readMore();
    };
    const reader: Reader = new Reader(this.#position.text.slice(position), this.state, ends, moved);
    this.#readers.add(reader);
    return reader;
  }

  #open(): void {
    if (this.#link.isOpen) return;
    if (this.#position.text === '') this.#restore();
    const begun = this.#position.text || this.#canContinue();
    this.#change({ status: begun ? 'reconnecting' : 'connecting', error: null, reason: null });
    this.#link.open();
    this.#link.drainSoon();
  }

  #restore(): void {
    const record = this.#record?.load();
    if (!record) return;
    const { marks, ...position } = record;
    this.#position = position;
    this.#writing?.restore(marks);
    for (const reader of this.#readers) reader.pending = record.text;
    this.#change({ text: record.text });
  }

  #forget(): void {
    this.#position = EMPTY;
    this.#writing?.forget();
    this.#record?.forget();
    this.#change({ text: '' });
  }

  #canContinue(): boolean {
    return this.#resume !== null && canGoOn(this.#position, canReplay(this.#resume));
  }

  #append(more: string, { id, behind }: Place, count = 0): void {
    const { text, lastEventId, events, opened } = this.#position;
    this.#position = { text: text + more, lastEventId: id || lastEventId, behind, events: events + count, opened };
    for (const reader of this.#readers) reader.pending += more;
    this.#record?.note();
    this.#change({ text: this.#position.text });
  }

  /** Events of a format that only the app knows. */
  #interpret(messages: readonly CoreMessage[], place: Place): void {
    const { format, isDone } = this.#init;
    let text = '';
    let over = false;
    try {
      for (const message of messages) {
        const event = messageEvent(message, this.#origin);
        if (typeof format === 'function') text += format(event) ?? '';
        over = isDone?.(event) ?? false;
        if (over) break;
      }
    } catch (error) {
      const words = wordsOf(error);
      this.#append(text, { id: '', behind: 0 });
      this.#link.call((core, link) => core.endStream(link, `the format function threw: ${words}`));
      return;
    }
    this.#append(text, place, messages.length);
    if (over) this.#link.call((core, link) => core.endStream(link, null));
    else if (this.#isCongested()) this.#held = true;
    else this.#link.call((core, link) => core.readStream(link));
  }

  #follow({ status, attempt, nextRetryAt, reason, error }: CoreStream): void {
    if (status === 'streaming' && !this.#position.opened) {
      this.#position = { ...this.#position, opened: true };
      this.#record?.note();
    }
    this.#change({ status, attempt, nextRetryAt, reason, error: error && fromProblem(error) });
    if (!isOver(status)) return;
    // After what the app has yet to read, unless a listener asked again.
    this.#link.notify(() => {
      if (!isOver(this.#state.status)) return;
      if (status === 'done' && !this.#writing) this.#record?.forget();
      else this.#record?.flush();
      this.#link.close();
    });
  }

  #change(part: Partial<StreamState>): void {
    this.#state = Object.freeze({ ...this.#state, ...part });
    if (isOver(this.#state.status)) this.#init.signal?.removeEventListener('abort', this.#abort);
    this.state.set(this.#state);
  }

  #isCongested(): boolean {
    const mark = this.#init.highWaterMark ?? HIGH_WATER;
    return [...this.#readers].some((reader) => reader.pending.length > mark);
  }

  #readMore(): void {
    if (!this.#held || this.#isCongested()) return;
    this.#held = false;
    this.#link.call((core, link) => core.readStream(link));
  }
}

/** Where the core says the stream is: the last event id, and how much came behind it. */
interface Place {
  readonly id: string;
  readonly behind: number;
}

/** Whether a reader that has taken everything need not wait for more. */
type Ends = (state: StreamState) => boolean;

/** One `for await`: what it has not taken yet. Whoever is slow gets larger pieces, not more of them. */
class Reader implements AsyncIterator<string> {
  pending: string;
  readonly #state: ValueStore<StreamState>;
  readonly #ends: Ends;
  readonly #moved: (left: boolean) => void;
  #left = false;

  constructor(pending: string, state: ValueStore<StreamState>, ends: Ends, moved: (left: boolean) => void) {
    this.pending = pending;
    this.#state = state;
    this.#ends = ends;
    this.#moved = moved;
  }

  async next(): Promise<IteratorResult<string>> {
    for (;;) {
      if (this.#left) return { done: true, value: undefined };
      if (this.pending) return { done: false, value: this.#take() };
      const state = this.#state.getSnapshot();
      if (this.#ends(state)) this.#leave();
      if (state.status === 'error') throw state.error;
      if (!this.#left) await changeOf(this.#state);
    }
  }

  async return(): Promise<IteratorResult<string>> {
    this.#leave();
    return { done: true, value: undefined };
  }

  /** Goes on behind so many characters. */
  skip(length: number): void {
    this.pending = this.pending.slice(length);
    this.#moved(false);
  }

  #take(): string {
    const piece = this.pending;
    this.pending = '';
    this.#moved(false);
    return piece;
  }

  #leave(): void {
    this.#left = true;
    this.#moved(true);
  }
}

const EMPTY: Position = { text: '', lastEventId: '', behind: 0, events: 0, opened: false };

function changeOf(state: ValueStore<StreamState>): Promise<void> {
  return new Promise((resolve) => {
    const stop = state.subscribe(() => {
      stop();
      resolve();
    });
  });
}

/** The last writing of streams of this page that were let go of, by name: whoever goes on with one follows it. */
const leaving = new Map<string, Promise<void>>();

function leave(id: string, typing: Promise<void>): void {
  leaving.set(id, typing);
  void typing.then(() => leaving.get(id) === typing && leaving.delete(id));
}

/** Over, or let go of: whoever writes it into a text makes room for the one who goes on with it. */
function isLeft({ status, reason }: StreamState): boolean {
  return isOver(status) || (status === 'idle' && reason !== null);
}

function isOver(status: StreamState['status']): boolean {
  return status === 'done' || status === 'stopped' || status === 'error';
}

function resumeOf({ resume }: StreamInit): StreamResume | null {
  if (!resume) return null;
  return resume === true ? { id: '' } : resume;
}

/** Whether the server can find the answer without an event id. */
function canReplay({ url }: StreamResume): boolean {
  return url !== undefined;
}
