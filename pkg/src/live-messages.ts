import type { Core, CoreMessage, CoreMessageEvent } from './boundary.js';
import { Deferred } from './deferred.js';
import { fromProblem, SyncError } from './errors.js';
import { deepFreeze, isDeep, type Json, MOST_LEVELS, TOO_DEEP } from './json.js';
import type { MessagesHost, MessageValidators, ShownMessages } from './lazy-messages.js';
import type { BroadcastOptions, Message, MessagesState, SendOptions, SentMessage } from './messages.js';
import type { Meta } from './presence.js';
import { type StandardSchemaV1, validate } from './schema.js';

/** Kinds of messages on the wire. */
const MESSAGE = 0;
const EVENT = 1;
/** What no timer exceeds, in milliseconds: one that is given more fires at once. */
const LONGEST = 2 ** 31 - 1;
/** Most stored messages kept in memory. */
const MOST = 10_000;
/** How long typing is shown without another word of it, in milliseconds. */
const TYPING = 5_000;

/** Refused messages that are kept. */
const MOST_FAILED = 256;

/** What happens behind the {@link ShownMessages} of one room: its messages, and its broadcast events. */
export class MessagesImpl<M = Json, E = Json> {
  readonly #shown: ShownMessages<M, E>;
  readonly #host: MessagesHost;
  readonly #validators: MessageValidators;
  /** Stored messages, in order. */
  #stored: Message<M>[] = [];
  /** Own messages and events that wait, in order; events are not shown. */
  readonly #pending = new Map<string, Message<M> | null>();
  /** Own messages that the server refused, the latest last. */
  readonly #failed = new Map<string, Message<M>>();
  /** Who waits for what became of a message or a question. */
  readonly #sends = new Map<string, Deferred<SentMessage>>();
  readonly #questions = new Map<number, Deferred<boolean | null>>();
  #loading: Promise<boolean> | null = null;
  /** Number of the oldest message or event that was told, once there was one. */
  #oldest: number | null = null;
  #hasMore = false;
  /** How often the list began anew, now and when the page that is on its way was asked for. */
  #resets = 0;
  #resetsAsked = 0;
  #dirty = false;
  /** Sends whose core crashed, until the next one told which are still there. */
  #orphans: Set<string> | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: MessagesHost, validators: MessageValidators, shown: ShownMessages<M, E>) {
    this.#host = host;
    this.#validators = validators;
    this.#shown = shown;
  }

  async send(data: M, options: SendOptions = {}): Promise<SentMessage> {
    const json = this.#text(data, this.#validators.messages);
    await this.#host.whenReady();
    this.#stopTyping();
    // JavaScript may hand over null.
    const { volatile, to, timeout } = options ?? {};
    if (volatile && to === undefined) return this.#pass(MESSAGE, json);
    const sent = to === undefined ? this.#queue(MESSAGE, json) : this.#direct(to, json);
    return timeout === undefined ? sent : this.#within(timeout, sent);
  }

  async retry(id: string): Promise<SentMessage> {
    await this.#host.whenReady();
    const failed = this.#failed.get(id);
    if (!failed)
      throw new SyncError('E_INVALID_ARGUMENT', `no failed message has the id ${id}`, { room: this.#host.id });
    const sent = this.#queue(MESSAGE, this.#text(failed.data, this.#validators.messages));
    this.discard(id);
    return sent;
  }

  discard(id: string): void {
    if (!this.#failed.delete(id)) return;
    this.#changed();
    this.endTurn(false);
    this.#host.drain();
  }

  /** See `Room.broadcast`. */
  async broadcast(event: E, options: BroadcastOptions = {}): Promise<void> {
    const json = this.#text(event, this.#validators.events);
    if (options?.queue) {
      await this.#host.whenReady();
      await this.#queue(EVENT, json);
    } else {
      this.#pass(EVENT, json);
    }
  }

  loadBefore(limit = 50): Promise<boolean> {
    this.#loading ??= this.#load(limit).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  setTyping(typing: boolean): void {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = typing ? setTimeout(() => this.#stopTyping(), TYPING) : undefined;
    this.#host.setMeta({ typing: typing || undefined });
  }

  markRead(seq?: number): void {
    const read = seq ?? this.#stored.at(-1)?.seq ?? undefined;
    if (read !== undefined) this.#host.setMeta({ read });
  }

  /** Takes what others show of themselves. */
  handleMetas(metas: ReadonlyMap<number, Meta>): void {
    const typing = [...metas].filter(([, meta]) => meta.typing === true).map(([id]) => id);
    const before = this.#shown.typing.getSnapshot();
    if (typing.length !== before.length || typing.some((id, index) => id !== before[index])) {
      this.#shown.typing.set(Object.freeze(typing));
    }
    const reads = new Map([...metas].flatMap(([id, { read }]) => (read === undefined ? [] : [[id, read] as const])));
    const known = this.#shown.reads.getSnapshot();
    if (reads.size !== known.size || [...reads].some(([id, seq]) => known.get(id) !== seq))
      this.#shown.reads.set(reads);
  }

  /** Takes what the core tells. */
  handle(event: CoreMessageEvent): void {
    switch (event.what) {
      case 'state':
        this.#shown.state.set(Object.freeze({ ...this.#shown.state.getSnapshot(), ...pick(event) }));
        break;
      case 'received':
        this.#receive(event.messages, event.reset, event.history);
        break;
      case 'passing':
        this.#emit(event.message, event.direct);
        break;
      case 'restored':
        for (const message of event.messages) this.#restore(message);
        break;
      case 'sent':
        this.#settle(event.id, (send) => send.resolve({ id: event.id, seq: event.seq || null }));
        break;
      case 'refused': {
        const error = fromProblem(event, this.#host.id);
        error.cause = this.#pending.get(event.id) ?? undefined;
        this.#fail(event.id, error);
        if (!this.#settle(event.id, (send) => send.reject(error))) this.#host.report(error);
        break;
      }
      case 'delivered':
        this.#answer(event.request, (question) => question.resolve(false));
        break;
      case 'page':
        this.#answer(event.request, (question) => {
          // Between an earlier list's page and this list something would be missing.
          const adjoins = this.#resetsAsked === this.#resets;
          if (adjoins) this.#prepend(event.messages, event.more);
          question.resolve(adjoins ? event.more : null);
        });
        break;
      case 'failed':
        this.#answer(event.request, (question) => question.reject(fromProblem(event, this.#host.id)));
    }
  }

  /** All events of a turn were taken: shows what changed. */
  endTurn(ready: boolean): void {
    if (ready) this.#buryOrphans();
    if (!this.#dirty) return;
    this.#dirty = false;
    const pending = [...this.#pending.values()].filter((message) => message !== null);
    const list = [...this.#stored, ...this.#failed.values(), ...pending];
    this.#shown.list.set(list.length === 0 ? this.#shown.list.getServerSnapshot() : Object.freeze(list));
    const state = { ...this.#shown.state.getSnapshot(), pending: this.#pending.size, hasMore: this.#hasMore };
    this.#shown.state.set(Object.freeze(state));
  }

  /** The core is gone. What it had saved comes back with the next one. */
  handleCrash(): void {
    this.#orphans = new Set(this.#sends.keys());
    const error = new SyncError('E_CORE_CRASHED', 'the core crashed before the server answered', {
      room: this.#host.id,
    });
    for (const question of this.#questions.values()) question.reject(error);
    this.#questions.clear();
    this.#pending.clear();
    this.#changed();
  }

  /** The room was left, or failed. */
  end(error: SyncError): void {
    for (const wait of [...this.#sends.values(), ...this.#questions.values()]) wait.reject(error);
    this.#sends.clear();
    this.#questions.clear();
    this.#pending.clear();
    this.#orphans = null;
    this.#failed.clear();
    clearTimeout(this.#typingTimer);
    this.#reset();
    this.endTurn(false);
    this.#shown.state.set(this.#shown.state.getServerSnapshot());
  }

  #queue(kind: number, json: string): Promise<SentMessage> {
    const id = this.#host.write((core, room) => core.sendMessage(room, kind, json));
    const send = new Deferred<SentMessage>();
    this.#sends.set(id, send);
    this.#pending.set(id, kind === MESSAGE ? this.#own(id, json) : null);
    this.#changed();
    this.endTurn(false);
    this.#host.drain();
    return send.promise;
  }

  async #direct(to: number, json: string): Promise<SentMessage> {
    await this.#ask((core, room) => core.sendDirect(room, to, MESSAGE, json));
    return { id: '', seq: null };
  }

  #pass(kind: number, json: string): SentMessage {
    this.#host.write((core, room) => core.sendVolatile(room, kind, json));
    return { id: '', seq: null };
  }

  #ask(question: (core: Core, room: number) => number): Promise<boolean | null> {
    const request = this.#host.write(question);
    const asked = new Deferred<boolean | null>();
    this.#questions.set(request, asked);
    return asked.promise;
  }

  async #load(limit: number): Promise<boolean> {
    await this.#host.whenReady();
    const before = this.#oldest ?? Number.MAX_SAFE_INTEGER;
    this.#resetsAsked = this.#resets;
    const more = await this.#ask((core, room) => core.loadMessages(room, before, limit));
    return more ?? this.#load(limit);
  }

  async #within<T>(timeout: number, work: Promise<T>): Promise<T> {
    const late = new Deferred<T>();
    const message = `the server did not answer within ${timeout} ms; a stored message is still delivered`;
    const timer = setTimeout(
      () => late.reject(new SyncError('E_TIMEOUT', message, { room: this.#host.id })),
      Math.min(timeout, LONGEST),
    );
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(messages: readonly CoreMessage[], reset: boolean, history: boolean): void {
    if (reset) this.#reset();
    for (const message of messages) {
      this.#oldest ??= message.seq;
      const read = message.kind === MESSAGE ? this.#store(message) : undefined;
      if (!history && !message.own) this.#emit(message, false, read);
    }
    const spare = this.#stored.length - MOST;
    if (spare > 0) {
      this.#stored.splice(0, spare);
      this.#oldest = this.#stored[0]?.seq ?? this.#oldest;
    }
    this.#hasMore = (this.#oldest ?? 1) > 1;
    this.#changed();
  }

  #store(message: CoreMessage): Message<M> | null {
    const read = this.#read<M>(message, this.#validators.messages);
    this.#pending.delete(message.id);
    if (read) this.#stored.push(read);
    return read;
  }

  #prepend(messages: readonly CoreMessage[], more: boolean): void {
    const oldest = this.#oldest ?? Number.MAX_SAFE_INTEGER;
    const earlier = messages.filter(({ seq }) => seq < oldest);
    const shown = earlier
      .filter(({ kind }) => kind === MESSAGE)
      .map((message) => this.#read<M>(message, this.#validators.messages))
      .filter((message) => message !== null);
    this.#stored = [...shown, ...this.#stored];
    this.#oldest = earlier[0]?.seq ?? this.#oldest;
    this.#hasMore = more;
    this.#changed();
  }

  /** Tells listeners, once no state is half-changed. `known` is the message as it was read already. */
  #emit(message: CoreMessage, direct: boolean, known?: Message<M> | null): void {
    if (message.kind === EVENT) {
      const read = this.#read<E>(message, this.#validators.events);
      if (read) this.#host.notify(this.#shown.events.prepare(Object.freeze({ event: read.data, from: read.from })));
    } else if (message.kind === MESSAGE) {
      const read = known === undefined ? this.#read<M>(message, this.#validators.messages) : known;
      if (read) this.#host.notify(this.#shown.heard.prepare(Object.freeze({ ...read, direct })));
    }
  }

  #restore(message: CoreMessage): void {
    this.#orphans?.delete(message.id);
    this.#pending.set(message.id, message.kind === MESSAGE ? this.#own(message.id, message.data) : null);
    this.#changed();
  }

  /** Sends that the next core does not know were not saved before the crash, or were stored in that very moment. */
  #buryOrphans(): void {
    const error = new SyncError('E_CORE_CRASHED', 'the core crashed before the message was known to be saved', {
      room: this.#host.id,
    });
    for (const id of this.#orphans ?? []) {
      this.#sends.get(id)?.reject(error);
      this.#sends.delete(id);
    }
    this.#orphans = null;
  }

  /** Stays in the list, so that its words are not lost. */
  #fail(id: string, error: SyncError): void {
    const message = this.#pending.get(id);
    if (message) this.#failed.set(id, Object.freeze({ ...message, status: 'failed', error }));
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MOST_FAILED && oldest !== undefined) this.#failed.delete(oldest);
  }

  #settle(id: string, act: (send: Deferred<SentMessage>) => void): boolean {
    this.#pending.delete(id);
    this.#changed();
    const send = this.#sends.get(id);
    if (!send) return false;
    this.#sends.delete(id);
    this.#host.notify(() => act(send));
    return true;
  }

  #answer(request: number, act: (question: Deferred<boolean | null>) => void): void {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    if (question) act(question);
  }

  #reset(): void {
    this.#resets++;
    this.#stored = [];
    this.#oldest = null;
    this.#hasMore = false;
    this.#changed();
  }

  #changed(): void {
    this.#dirty = true;
  }

  #stopTyping(): void {
    if (this.#typingTimer !== undefined) this.setTyping(false);
  }

  #own(id: string, json: string): Message<M> {
    const data = deepFreeze(JSON.parse(json) as M);
    const from = this.#host.connectionId ?? 0;
    return Object.freeze({ id, seq: null, from, at: Date.now(), data, own: true, status: 'pending' });
  }

  /** The message as the app sees it; null, and told, if it is too deep or does not fit the schema. */
  #read<T>(message: CoreMessage, validator: StandardSchemaV1 | undefined): Message<T> | null {
    const { id, seq, from, at, own } = message;
    const result = checked(JSON.parse(message.data), validator);
    if ('issues' in result) {
      const words = `a message of connection ${from} is left out: it does not fit the schema (${result.issues})`;
      this.#host.report(new SyncError('E_MESSAGE', words, { room: this.#host.id }));
      return null;
    }
    const value = deepFreeze(result.value) as T;
    return Object.freeze({ id, seq: seq || null, from, at, data: value, own, status: seq ? 'stored' : 'passing' });
  }

  #text(data: unknown, validator: StandardSchemaV1 | undefined): string {
    const json = textOf(data);
    // As others get it: JSON says some values otherwise.
    const result = json === undefined ? { issues: typeof data } : checked(JSON.parse(json), validator);
    if (json !== undefined && !('issues' in result)) return json;
    const words = `a message is JSON of at most ${MOST_LEVELS} levels that fits the schema: ${'issues' in result && result.issues}`;
    throw new SyncError('E_MESSAGE', words, { room: this.#host.id });
  }
}

/** A message as its reader takes it, or why it does not. */
function checked(data: unknown, validator: StandardSchemaV1 | undefined): ReturnType<typeof validate> {
  if (isDeep(data)) return TOO_DEEP;
  return validator ? validate(validator, data) : { value: data };
}

/** JSON text; undefined of what JSON cannot say. */
function textOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

function pick({ supported, recovered }: Extract<CoreMessageEvent, { what: 'state' }>): Partial<MessagesState> {
  return recovered === null ? { supported } : { supported, recovered };
}
