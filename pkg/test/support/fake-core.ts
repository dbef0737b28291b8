import * as Y from 'yjs';
import type { Core, CoreConfig, CoreEvent, CoreModule, CoreRoomOptions } from '../../src/boundary.js';
import type { Prelim } from '../../src/prelim.js';
import { changesOf, idOf, plain, type Shared } from './fake-changes.js';

/** One room of the double: a Yjs document instead of the Rust one. */
interface FakeRoom {
  readonly name: string;
  readonly options: CoreRoomOptions;
  readonly doc: Y.Doc;
  presence: string | null;
  readonly steps: Steps;
}

/** What can be undone in a room of the double, with numbers as the core gives them. */
interface Steps {
  readonly manager: Y.UndoManager;
  readonly undo: number[];
  readonly redo: number[];
  last: number;
}

/** An event without its room. */
type Untold<T> = T extends { readonly room: number } ? Omit<T, 'room'> : never;

/** The switches and the log of a {@link fakeModule}. */
export class FakeWorld {
  /** Calls in order, as `name(arguments)` without the room. */
  readonly calls: string[] = [];
  /** Cores that were made. */
  readonly cores: FakeCore[] = [];
  resets = 0;
  /** Tells a trap where the browser called. */
  trap: (trap: unknown) => void = () => {};
  /** Names of functions that trap when they are called next. */
  readonly traps = new Set<string>();
  /** Code with which messages are refused. */
  refusal: string | null = null;
  /** Paths whose peer has confirmed everything. */
  readonly syncedPaths = new Set<number>();
  /** Whether rooms become ready by themselves. */
  autoReady = true;
  /** What the log on this device holds, per room. */
  readonly disk = new Map<string, Uint8Array>();

  get core(): FakeCore {
    const core = this.cores.at(-1);
    if (!core) throw new Error('no core has been made');
    return core;
  }

  /** How often a function was called. */
  count(name: string): number {
    return this.calls.filter((call) => call.startsWith(`${name}(`)).length;
  }

  /** A module as the loader gives it. */
  module(): CoreModule {
    const world = this;
    class BoundCore extends FakeCore {
      constructor(config: CoreConfig, wake: () => void) {
        super(world, config, wake);
      }
    }
    return {
      Core: BoundCore,
      default: async () => {},
      __wbg_reset_state: () => {
        this.resets++;
        for (const core of this.cores) core.dead = true;
      },
      __wbg_on_trap: (fn) => {
        this.trap = fn;
      },
    };
  }
}

/** Stands in for the wasm class where the wasm is not the subject. */
export class FakeCore implements Core {
  readonly world: FakeWorld;
  readonly config: CoreConfig;
  readonly wake: () => void;
  readonly rooms = new Map<number, FakeRoom>();
  dead = false;
  buried = 0;
  #events: CoreEvent[] = [];
  /** Whether the open batch cannot be undone. */
  #untracked = false;
  #next = 0;
  #sent = 0;

  constructor(world: FakeWorld, config: CoreConfig, wake: () => void) {
    this.world = world;
    this.config = config;
    this.wake = wake;
    world.cores.push(this);
  }

  /** Tells something as the network or the disk would: later, with a wake. */
  tell(room: number, event: Untold<CoreEvent>): void {
    this.#events.push({ room, ...event } as CoreEvent);
    this.wake();
  }

  /** What another client does to the document. */
  remote(room: number, change: (doc: Y.Doc) => void): void {
    const { doc, options } = this.#room(room);
    const other = new Y.Doc();
    for (const [name, kind] of Object.entries(options.roots)) root(other, name, kind);
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    change(other);
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other), 'remote');
    this.wake();
  }

  takeEvents(): CoreEvent[] {
    this.#enter('takeEvents', [], false);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  enterRoom(name: string, options: CoreRoomOptions): number {
    this.#enter('enterRoom', [name]);
    checkPresence(options.presence);
    const number = this.#next++;
    const doc = new Y.Doc();
    for (const [root_, kind] of Object.entries(options.roots)) root(doc, root_, kind);
    const saved = this.world.disk.get(name);
    if (saved) Y.applyUpdate(doc, saved);
    const roots = Object.entries(options.roots).map(([root_, kind]) => root(doc, root_, kind));
    // Before the manager hears it: what changed is told before the steps.
    doc.on('afterTransaction', (transaction) => this.#onTransaction(number, transaction));
    const manager = new Y.UndoManager(roots as Shared[], { captureTransaction: () => !this.#untracked });
    const steps: Steps = { manager, undo: [], redo: [], last: 0 };
    this.rooms.set(number, { name, options, doc, presence: options.presence, steps });
    steps.manager.on('stack-item-added', ({ origin, type }) => {
      if (origin === steps.manager || type !== 'undo') return;
      steps.undo.push(++steps.last);
      steps.redo.length = 0;
      this.#tellSteps(number);
    });
    doc.on('update', () => this.world.disk.set(name, Y.encodeStateAsUpdate(doc)));
    if (this.world.autoReady) this.tell(number, { type: 'ready' });
    return number;
  }

  leaveRoom(room: number): void {
    this.#enter('leaveRoom', []);
    this.rooms.delete(room);
  }

  connect(_room: number): void {
    this.#enter('connect', []);
  }

  disconnect(_room: number): void {
    this.#enter('disconnect', []);
  }

  provideEndpoint(_room: number, request: number, url: string, token: string | null): void {
    this.#enter('provideEndpoint', [request, url, token]);
  }

  answerWith(_room: number, request: number, word: string, message: string, wait?: number): void {
    this.#enter('answerWith', [request, word, message, wait]);
  }

  setPresence(room: number, json: string | null): void {
    this.#enter('setPresence', [json]);
    checkPresence(json);
    this.#room(room).presence = json;
  }

  clientId(room: number): number {
    this.#enter('clientId', []);
    return this.#room(room).doc.clientID;
  }

  sendMessage(_room: number, kind: number, data: string): string {
    this.#enter('sendMessage', [kind, data]);
    this.#refuse();
    this.#sent++;
    return `own-${this.#sent}`;
  }

  sendDirect(_room: number, to: number, kind: number, data: string): number {
    this.#enter('sendDirect', [to, kind, data]);
    this.#refuse();
    this.#sent++;
    return this.#sent;
  }

  sendVolatile(_room: number, kind: number, data: string): void {
    this.#enter('sendVolatile', [kind, data]);
    this.#refuse();
  }

  loadMessages(_room: number, before: number, limit: number): number {
    this.#enter('loadMessages', [before, limit]);
    this.#refuse();
    this.#sent++;
    return this.#sent;
  }

  subscribeMessages(_room: number): void {
    this.#enter('subscribeMessages', []);
  }

  pathUp(_room: number, path: number, instance: string): void {
    this.#enter('pathUp', [path, instance]);
    this.#refuse();
  }

  pathFrame(_room: number, path: number, channel: string): void {
    this.#enter('pathFrame', [path, channel]);
  }

  pathNeighbours(_room: number, path: number, instances: readonly string[]): void {
    this.#enter('pathNeighbours', [path, ...instances]);
  }

  pathDown(_room: number, path: number, bye: boolean): void {
    this.#enter('pathDown', [path, bye]);
  }

  pathSynced(_room: number, path: number): boolean {
    return this.world.syncedPaths.has(path);
  }

  signal(_room: number, text: string): void {
    this.#enter('signal', [text]);
    this.#refuse();
  }

  readDoc(room: number): string {
    this.#enter('readDoc', []);
    const { doc, options } = this.#room(room);
    const roots = Object.entries(options.roots).map(([name, kind]) => [name, plain(root(doc, name, kind))] as const);
    return JSON.stringify(Object.fromEntries(roots));
  }

  textToString(room: number, type: string): string {
    this.#enter('textToString', []);
    return String(plain(this.#type(room, type)));
  }

  lengthOf(room: number, type: string): number {
    this.#enter('lengthOf', []);
    const shared = this.#type(room, type);
    return shared instanceof Y.Map ? shared.size : shared.length;
  }

  textInsert(room: number, type: string, index: number, text: string, attributes: string | null): void {
    this.#enter('textInsert', [index, text]);
    const target = this.#type(room, type) as Y.Text;
    if (index > target.length) throw { code: 'E_INVALID_ARGUMENT', message: 'outside the text', retryable: false };
    target.insert(index, text, attributes ? JSON.parse(attributes) : undefined);
  }

  textDelete(room: number, type: string, index: number, length: number): void {
    this.#enter('textDelete', [index, length]);
    (this.#type(room, type) as Y.Text).delete(index, length);
  }

  textFormat(room: number, type: string, index: number, length: number, attributes: string): void {
    this.#enter('textFormat', [index, length, attributes]);
    (this.#type(room, type) as Y.Text).format(index, length, JSON.parse(attributes));
  }

  textEmbed(room: number, type: string, index: number, embed: string, attributes: string | null): void {
    this.#enter('textEmbed', [index, embed, attributes]);
    (this.#type(room, type) as Y.Text).insertEmbed(index, JSON.parse(embed), attributes ? JSON.parse(attributes) : {});
  }

  textApply(room: number, type: string, delta: string): void {
    this.#enter('textApply', [delta]);
    (this.#type(room, type) as Y.Text).applyDelta(JSON.parse(delta), { sanitize: false });
  }

  textDelta(room: number, type: string): string {
    this.#enter('textDelta', []);
    return JSON.stringify((this.#type(room, type) as Y.Text).toDelta());
  }

  listMove(room: number, type: string, from: number, to: number): void {
    this.#enter('listMove', [from, to]);
    const list = this.#type(room, type) as Y.Array<unknown>;
    const item = list.get(from);
    const copy = item instanceof Y.AbstractType ? item.clone() : item;
    list.doc?.transact(() => {
      list.delete(from, 1);
      list.insert(to, [copy]);
    });
  }

  listInsert(room: number, type: string, index: number, values: string): void {
    this.#enter('listInsert', [index, values]);
    const items = (JSON.parse(values) as Prelim[]).map(make);
    (this.#type(room, type) as Y.Array<unknown>).insert(index, items);
  }

  listDelete(room: number, type: string, index: number, length: number): void {
    this.#enter('listDelete', [index, length]);
    (this.#type(room, type) as Y.Array<unknown>).delete(index, length);
  }

  mapSet(room: number, type: string, key: string, value: string): void {
    this.#enter('mapSet', [key, value]);
    (this.#type(room, type) as Y.Map<unknown>).set(key, make(JSON.parse(value)));
  }

  mapDelete(room: number, type: string, key: string): boolean {
    this.#enter('mapDelete', [key]);
    const map = this.#type(room, type) as Y.Map<unknown>;
    const had = map.has(key);
    map.delete(key);
    return had;
  }

  childOf(room: number, type: string, at: string | number): string | undefined {
    this.#enter('childOf', [], false);
    const parent = this.#type(room, type) as Y.Array<unknown> | Y.Map<unknown>;
    const child = parent instanceof Y.Map ? parent.get(String(at)) : parent.get(Number(at));
    return child instanceof Y.AbstractType ? idOf(child as Shared) : undefined;
  }

  stickyIndex(room: number, type: string, index: number, assoc: -1 | 1): string {
    const position = Y.createRelativePositionFromTypeIndex(this.#type(room, type), index, assoc < 0 ? -1 : 0);
    return JSON.stringify(position);
  }

  resolveSticky(room: number, sticky: string): number | undefined {
    const position = Y.createRelativePositionFromJSON(JSON.parse(sticky));
    return Y.createAbsolutePositionFromRelativePosition(position, this.#room(room).doc)?.index;
  }

  beginBatch(_room: number, name?: string | null): void {
    this.#enter('beginBatch', [name ?? 'unnamed']);
    this.#untracked = name === '';
  }

  endBatch(_room: number): void {
    this.#enter('endBatch', []);
    this.#untracked = false;
  }

  undo(room: number, word: string): boolean {
    this.#enter('undo', [word]);
    const { steps } = this.#room(room);
    if (word === 'checkpoint') steps.manager.stopCapturing();
    if (word === 'clear') steps.manager.clear();
    if (word !== 'undo' && word !== 'redo') return false;
    const [from, to] = word === 'undo' ? [steps.undo, steps.redo] : [steps.redo, steps.undo];
    const changed = steps.manager[word]() !== null;
    if (changed) to.push(from.pop() as number);
    this.#tellSteps(room);
    return changed;
  }

  #tellSteps(room: number): void {
    const { undo, redo } = this.#room(room).steps;
    this.tell(room, { type: 'undo', undo: undo.at(-1) ?? null, redo: redo.at(-1) ?? null });
  }

  stateVector(room: number): Uint8Array {
    return Y.encodeStateVector(this.#room(room).doc);
  }

  encodeStateAsUpdate(room: number, since?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#room(room).doc, since);
  }

  applyUpdate(room: number, update: Uint8Array): void {
    this.#enter('applyUpdate', []);
    Y.applyUpdate(this.#room(room).doc, update, 'remote');
  }

  tap(): void {
    this.#enter('tap', []);
  }

  unsynced(room: number): Uint8Array {
    return Y.encodeStateAsUpdate(this.#room(room).doc);
  }

  merge(): void {
    this.#enter('merge', []);
  }

  close(): void {
    this.#enter('close', []);
  }

  remains(): Set<() => void> {
    return new Set([() => this.buried++]);
  }

  crashForTest(): void {
    this.#trap();
  }

  #enter(name: string, args: unknown[], log = true): void {
    if (this.dead) throw new Error('Invalid stale object from previous Wasm instance');
    if (log) this.world.calls.push(`${name}(${args.join(', ')})`);
    if (this.world.traps.delete(name)) this.#trap();
  }

  #refuse(): void {
    const code = this.world.refusal;
    if (code) throw { code, message: 'refused', retryable: true };
  }

  #trap(): never {
    throw new WebAssembly.RuntimeError('unreachable');
  }

  #room(room: number): FakeRoom {
    const found = this.rooms.get(room);
    if (!found) throw { code: 'E_DISPOSED', message: 'no such room', retryable: false };
    return found;
  }

  #type(room: number, type: string): Shared {
    const { doc, options } = this.#room(room);
    const [, a = '', b] = type.split('/');
    if (type.startsWith('r/')) return root(doc, a, options.roots[a] ?? 'map');
    const item = Y.getItem(doc.store, Y.createID(Number(a), Number(b))) as Y.Item;
    const content = item.content as Y.ContentType;
    if (item.deleted) throw { code: 'E_INVALID_ARGUMENT', message: 'no such type', retryable: false };
    return content.type as unknown as Shared;
  }

  #onTransaction(room: number, transaction: Y.Transaction): void {
    const changes = changesOf(transaction);
    const origin = transaction.origin === 'remote' ? 'remote' : 'local';
    if (changes.length > 0) this.#events.push({ room, type: 'doc', origin, changes });
  }
}

function checkPresence(json: string | null): void {
  if (Buffer.byteLength(json ?? '') > 4096) throw { code: 'E_PRESENCE', message: 'too large', retryable: false };
}

function root(doc: Y.Doc, name: string, kind: string): Shared {
  if (kind === 'text') return doc.getText(name);
  return kind === 'list' ? doc.getArray(name) : doc.getMap(name);
}

function make(prelim: Prelim): unknown {
  if ('t' in prelim) return new Y.Text(prelim.t);
  if ('l' in prelim) return Y.Array.from(prelim.l.map(make) as never[]);
  if ('m' in prelim) return new Y.Map(Object.entries(prelim.m).map(([key, value]) => [key, make(value)]));
  if ('v' in prelim) return prelim.v;
  throw new Error('this double makes no XML');
}
