import { SyncError, toSyncError } from '../errors.js';
import type { EngineLink, LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';
import { TabGroup, type TabListener, type TabPlatform } from './leader.js';

/** What tabs with the same link tell each other; a kind of link has notes of its own. */
export type LinkNote =
  /** The sender holds the link from now on: where it begins, and how it stands. */
  | { readonly type: 'begin'; readonly turn: number; readonly at: string; readonly events: readonly LinkEvent[] }
  | { readonly type: 'events'; readonly events: readonly LinkEvent[] }
  /** To the leader. */
  | { readonly type: 'again' };

/** Leaders whose last word is remembered. */
const REMEMBERED = 8;

/**
 * A link that all tabs of a profile share, in place of the engine it would be in.
 *
 * ```text
 *   LiveSocket, EventStreamImpl          the same in each tab: asks a core, hears its events
 *        │ calls       ▲ events
 *   SharedLink ── leads: the link is in this tab's engine; its events go to all tabs
 *        ├─────── follows: calls go to the leader, events come from it
 *        └─────── catches up: follows, with a link of its own for what it missed
 * ```
 */
export abstract class SharedLink<Note extends { readonly type: string }> implements LinksEngine, TabListener {
  /** What the room takes for its core. */
  protected abstract readonly core: LinksCore;
  protected readonly engine: LinksEngine;
  /** Number under which the room knows the link; another each time it is entered. */
  protected number = 0;
  protected room: EngineLink | null = null;
  readonly #name: string;
  readonly #platform: TabPlatform | undefined;
  #group: TabGroup | null = null;
  /** Whose events count. */
  #source: string | null = null;
  /** Which link of its: one that lost its core begins again. */
  #turn = 0;
  /** Number in this tab's engine, while it leads or catches up. */
  #real: number | null = null;
  #catchesUp = false;
  /** Links that counted, and whether the tab of each said that it went. */
  readonly #past = new Map<string, 'crashed' | 'parted'>();
  /** The core, while it is already in use. */
  #active: LinksCore | null = null;

  constructor(engine: LinksEngine, name: string, platform?: TabPlatform) {
    this.engine = engine;
    this.#name = name;
    this.#platform = platform;
  }

  /** The module is loaded by the tab that leads, when it does. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  enter(room: EngineLink): number {
    this.room = room;
    this.number++;
    this.#group = new TabGroup(this.#name, this, this.#platform);
    const number = room.enterCore(this.core);
    queueMicrotask(this.engine.drain);
    return number;
  }

  leave(number: number): void {
    if (number !== this.number || !this.room) return;
    this.room = null;
    this.#part();
    this.#group?.leave();
    this.#group = null;
  }

  call<T>(_room: EngineLink | null, fn: (core: LinksCore) => T): T {
    const result = fn(this.core);
    this.engine.drain();
    return result;
  }

  read<T>(_room: EngineLink, fn: (core: LinksCore) => T): T {
    return fn(this.core);
  }

  readonly notify = (fn: () => void): void => this.engine.notify(fn);

  readonly drain = (): void => this.engine.drain();

  lead(): void {
    this.stopCatchingUp();
    this.#start(() => this.leads);
  }

  /** Its `begin` follows. */
  follow(): void {}

  pause(): void {
    this.#part();
    this.deliver([this.suspended()]);
    this.engine.drain();
  }

  part(tab: string): void {
    for (const name of this.#past.keys()) if (name.startsWith(`${tab}/`)) this.#past.set(name, 'parted');
  }

  come(tab: string): void {
    if (this.holds) this.#group?.send(this.#begin(), tab);
  }

  go(_tab: string): void {}

  hear(from: string, data: unknown): void {
    const note = data as LinkNote;
    if (!this.room) return;
    if (note.type === 'begin') this.#onBegin(from, note);
    else if (note.type === 'events') this.#onEvents(from, note.events);
    else this.hearNote(from, data as Note);
    this.engine.drain();
  }

  /** Whether this tab leads the group. */
  protected get leads(): boolean {
    return this.#group?.leads ?? false;
  }

  /** Id of this tab in the group. */
  protected get tab(): string {
    return this.#group?.id ?? '';
  }

  /** Whether a link is in this tab's engine, for all tabs or for what this one missed. */
  protected get isOpen(): boolean {
    return this.#real !== null;
  }

  /** Whether the link of all tabs is in this tab's engine. */
  protected get holds(): boolean {
    return this.#real !== null && !this.#catchesUp;
  }

  /** Whether this tab reads by itself what it missed. */
  protected get catchesUp(): boolean {
    return this.#catchesUp;
  }

  /** Name of the link that counts. */
  protected get source(): string {
    return `${this.#source}/${this.#turn}`;
  }

  /** Whether the tab that held a link parted with it: what it was told and did not confirm was not sent. */
  protected hasParted(source: string): boolean {
    return this.#past.get(source) === 'parted';
  }

  /** Whether another tab holds the link, and leads still. */
  protected get follows(): boolean {
    return this.#source !== null && this.#source !== this.tab && this.#source === this.#group?.leader;
  }

  /** Whether other tabs may listen. */
  protected get mayHaveOthers(): boolean {
    return this.#group?.mayHaveOthers ?? false;
  }

  /** Another tab said something that is not of all links. */
  protected abstract hearNote(from: string, note: Note): void;
  /** A link begins, here (`holds`) or in another tab: events of an earlier one come no more. */
  protected abstract begin(at: string, holds: boolean): void;
  /** Where this tab stands. */
  protected abstract position(): string;
  /** How the link stands, as events for who comes later. */
  protected abstract standing(): readonly LinkEvent[];
  /** How it stands in a page that went to the back/forward cache. */
  protected abstract suspended(): LinkEvent;
  /** Takes events that the leader's link told, in order. */
  protected abstract take(events: readonly LinkEvent[]): void;
  /** Takes events of the link in this tab's engine; returns those that are for all tabs. */
  protected abstract sort(events: readonly LinkEvent[]): readonly LinkEvent[];
  /** Takes events of the leader's link while this tab catches up. */
  protected abstract overhear(events: readonly LinkEvent[]): void;
  /** The link in this tab's engine is gone. */
  protected abstract lose(how: 'parted' | 'crashed'): void;

  /** Opens a link in this tab's engine for what the leader had before it was heard. */
  protected catchUp(): void {
    this.#catchesUp = true;
    this.#start(() => this.#catchesUp);
  }

  /** Lets go of that link. */
  protected stopCatchingUp(): void {
    if (!this.#catchesUp) return;
    this.#catchesUp = false;
    this.#letGo();
  }

  /** Opens the link in this tab's core, if it is this tab's turn. */
  protected open(open: (core: LinksCore) => number): number {
    if (this.#active) this.#real = open(this.#active);
    return this.number;
  }

  /** Asks the link in this tab's engine; undefined where it is not here. */
  protected ask<T>(fn: (core: LinksCore, link: number) => T): T | undefined {
    const real = this.#real;
    if (real === null) return undefined;
    if (this.#active) return fn(this.#active, real);
    return this.engine.call(this.#inner, (core) => fn(core, real));
  }

  protected tell(note: Note | LinkNote, to?: string): void {
    this.#group?.send(note, to);
  }

  protected tellLeader(note: Note | LinkNote): void {
    this.#group?.sendToLeader(note);
  }

  /** Hands events to the room of this tab. */
  protected deliver(events: readonly LinkEvent[]): void {
    if (events.length > 0) this.room?.handleEvents(this.core, this.number, events);
  }

  /** It cannot go on in this tab. */
  protected giveUp(error: SyncError): void {
    this.#fail(error);
  }

  /** This tab's link in the real engine. */
  readonly #inner: EngineLink = {
    id: 'shared',
    enterCore: (core) => this.#within(core, () => this.#enter()),
    handleEvents: (core, number, events) => {
      if (number === this.#real) this.#within(core, () => this.#spread(events));
    },
    handleCrash: () => {
      this.#real = null;
      this.lose('crashed');
      this.room?.handleCrash();
    },
    fail: (error) => this.#fail(error),
  };

  /** Opens the link in this tab's engine, if it is still wanted when the module is there. */
  #start(isWanted: () => boolean): void {
    const number = this.number;
    const goesOn = (): boolean => number === this.number && this.room !== null && this.#real === null && isWanted();
    this.engine.start().then(
      () => {
        if (goesOn()) this.#take();
      },
      (error: unknown) => {
        if (goesOn()) this.#fail(toSyncError(error));
      },
    );
  }

  #take(): void {
    try {
      this.engine.enter(this.#inner);
    } catch (error) {
      this.#fail(toSyncError(error));
    }
  }

  #enter(): number {
    if (!this.#catchesUp) {
      this.#turnTo(this.tab, this.#turn + 1);
      this.begin(this.position(), true);
    }
    this.room?.enterCore(this.core);
    if (this.#real === null) throw new SyncError('E_NOT_READY', 'the link was let go');
    if (!this.#catchesUp) this.#group?.send(this.#begin());
    return this.#real;
  }

  #turnTo(source: string, turn: number): void {
    [this.#source, this.#turn] = [source, turn];
    this.#past.set(this.source, 'crashed');
    const [oldest] = this.#past.keys();
    if (this.#past.size > REMEMBERED && oldest !== undefined) this.#past.delete(oldest);
  }

  /** Told to all when it begins, and to each that comes: some hear it twice. */
  #onBegin(from: string, { turn, at, events }: Extract<LinkNote, { type: 'begin' }>): void {
    if (from === this.#source && turn === this.#turn) return;
    this.#turnTo(from, turn);
    this.begin(at, false);
    this.#hearOf(events);
  }

  #onEvents(from: string, events: readonly LinkEvent[]): void {
    if (from === this.#source) this.#hearOf(events);
  }

  #hearOf(events: readonly LinkEvent[]): void {
    if (this.#catchesUp) this.overhear(events);
    else this.take(events);
  }

  #begin(): LinkNote {
    return { type: 'begin', turn: this.#turn, at: this.position(), events: this.standing() };
  }

  #spread(events: readonly LinkEvent[]): void {
    const forAll = this.sort(events);
    if (forAll.length > 0 && this.mayHaveOthers && !this.#catchesUp) this.tell({ type: 'events', events: forAll });
    this.take(forAll);
  }

  #within<T>(core: LinksCore, fn: () => T): T {
    this.#active = core;
    try {
      return fn();
    } finally {
      this.#active = null;
    }
  }

  #part(): void {
    this.#catchesUp = false;
    this.#source = null;
    this.#letGo();
  }

  #letGo(): void {
    const real = this.#real;
    this.#real = null;
    this.lose('parted');
    if (real === null) return;
    // Where it tells events it is in use.
    if (this.#active) this.engine.notify(() => this.engine.leave(real));
    else this.engine.leave(real);
  }

  #fail(error: SyncError): void {
    const { room } = this;
    this.leave(this.number);
    room?.fail(error);
    queueMicrotask(this.engine.drain);
  }
}
