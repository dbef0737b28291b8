import type { Peer } from '../peers/types.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { button, element, setChildren, setText } from './element.js';
import { Facts, Mark } from './facts.js';
import { Fold, type Part } from './fold.js';
import { Tree } from './tree.js';
import { countdown, counted, obstacleWords, reasonWords, toneOf } from './words.js';

/** One room: its line, and what is behind it. */
export class RoomView {
  readonly element: HTMLElement;
  readonly #room: Room<Schema>;
  readonly #fold: Fold;
  readonly #status = new Mark();
  readonly #sync = new Mark();
  #body: RoomBody | null = null;

  constructor(room: Room<Schema>, open: boolean, onChange: () => void) {
    this.#room = room;
    const name = element('span', { class: 'name' }, room.id);
    const title = element('span', { class: 'line' }, name, this.#status.element, this.#sync.element);
    const make = (): RoomBody => {
      this.#body = new RoomBody(room, onChange);
      return this.#body;
    };
    this.#fold = new Fold(title, make, { open, onToggle: () => this.#body?.follow(this.#fold.isOpen) });
    this.element = this.#fold.element;
  }

  update(): void {
    const { status } = this.#room.connection.getSnapshot();
    const { status: sync, pending } = this.#room.sync.getSnapshot();
    this.#status.set(status, toneOf(status));
    this.#sync.set(pending > 0 ? `${sync}, ${pending} pending` : sync, toneOf(sync));
    this.#fold.update();
  }

  /** The panel is shown or not: a document is followed only while it is seen. */
  show(isShown: boolean): void {
    this.#body?.follow(isShown && this.#fold.isOpen);
  }
}

/** What is behind the line of a room. */
class RoomBody {
  readonly element: HTMLElement;
  readonly #room: Room<Schema>;
  readonly #connection = new Facts();
  readonly #sync = new Facts();
  readonly #toggle: HTMLButtonElement;
  readonly #retry: HTMLButtonElement;
  readonly #people: Fold;
  readonly #peers: Fold;
  readonly #document: Fold;
  readonly #onChange: () => void;
  #stop: (() => void) | null = null;
  #isSeen = true;

  constructor(room: Room<Schema>, onChange: () => void) {
    this.#room = room;
    this.#onChange = onChange;
    this.#toggle = button('', () => this.#connect());
    this.#retry = button('Try now', () => room.connect());
    this.#people = new Fold(heading('Presence'), () => treeOf(() => presenceOf(room)));
    this.#peers = new Fold(heading('Peers'), () => treeOf(() => peersOf(room)));
    const onToggle = (): void => this.follow(this.#isSeen);
    this.#document = new Fold(heading('Document'), () => treeOf(() => room.doc.getSnapshot()), { onToggle });
    this.element = element(
      'div',
      {},
      element('div', { class: 'actions' }, this.#toggle, this.#retry),
      heading('Connection'),
      this.#connection.element,
      heading('Sync'),
      this.#sync.element,
      this.#people.element,
      this.#peers.element,
      this.#document.element,
    );
  }

  update(): void {
    this.#updateConnection();
    this.#updateSync();
    const others = this.#room.presence.others.getSnapshot().length;
    setText(this.#people.title, `Presence: ${counted(others, 'other')}`);
    this.#people.update();
    const peers = this.#room.peers.getSnapshot().length;
    this.#peers.element.hidden = peers === 0;
    setText(this.#peers.title, `Peers: ${peers}`);
    this.#peers.update();
    this.#document.update();
  }

  /** Hears of the document's changes while that is open and seen, and lets the app be without when not. */
  follow(isSeen: boolean): void {
    this.#isSeen = isSeen;
    const wants = isSeen && this.#document.isOpen;
    if (wants) this.#stop ??= this.#room.doc.subscribe(this.#onChange);
    else {
      this.#stop?.();
      this.#stop = null;
    }
  }

  #updateConnection(): void {
    const { status, transport, attempt, nextRetryAt, reason, rtt, error } = this.#room.connection.getSnapshot();
    this.#connection.set('Status', status, toneOf(status));
    this.#connection.set('Over', transport === 'sse' ? 'HTTP (sse)' : (transport ?? '–'));
    this.#connection.set('Round trip', rtt === null ? 'not measured yet' : `${Math.round(rtt)} ms`);
    this.#connection.set('Last loss', reasonWords(reason));
    this.#connection.set('Attempt', String(attempt));
    this.#connection.set('Next try', countdown(nextRetryAt, Date.now()));
    this.#connection.set('Error', error?.code ?? '–', error ? 'bad' : 'none');
    this.#connection.set('Leases', String(this.#room['~leases']?.size ?? 0));
    this.#connection.set('Own id', String(this.#room.connectionId ?? '–'));
    setText(this.#toggle, status === 'idle' || status === 'disconnected' ? 'Connect' : 'Disconnect');
    this.#retry.hidden = status !== 'reconnecting';
  }

  #updateSync(): void {
    const sync = this.#room.sync.getSnapshot();
    this.#sync.set('On this device', sync.local, sync.local === 'unavailable' ? 'bad' : 'good');
    this.#sync.set('On the server', sync.status, toneOf(sync.status));
    this.#sync.set('Pending', `${sync.pending.toLocaleString('en')} units`, sync.pending > 0 ? 'busy' : 'none');
    this.#sync.set('Held', `${counted(sync.held, 'update')} of others`, sync.held > 0 ? 'busy' : 'none');
    this.#sync.set('Obstacle', obstacleWords(sync), sync.obstacle ? 'bad' : 'none');
    if (sync.peers.of > 0) this.#sync.set('With peers', `${sync.peers.synced} of ${sync.peers.of}`);
  }

  #connect(): void {
    const { status } = this.#room.connection.getSnapshot();
    if (status === 'idle' || status === 'disconnected') this.#room.connect();
    else this.#room.disconnect();
  }
}

function heading(words: string): HTMLElement {
  return element('h3', {}, words);
}

/** A value that is read anew with each update. */
function treeOf(read: () => unknown): Part {
  const box = element('div', { class: 'tree' });
  let tree: Tree | null = null;
  return {
    element: box,
    update: () => {
      const value = read() ?? null;
      if (!tree?.fits(value)) {
        tree = new Tree('', value, true);
        setChildren(box, [tree.element]);
      }
      tree.set(value);
    },
  };
}

function presenceOf({ presence }: Room<Schema>): unknown {
  const others = presence.others.getSnapshot();
  const seen = others.map(({ connectionId, presence }) => [String(connectionId), presence] as const);
  return { self: presence.self.getSnapshot(), others: Object.fromEntries(seen) };
}

function peersOf({ peers }: Room<Schema>): unknown {
  const brief = ({ id, state, path, quality, rtt, reason, blocked, dialect, synced }: Peer) =>
    [String(id), { state, path, quality, rtt, reason, blocked, dialect, synced }] as const;
  return Object.fromEntries(peers.getSnapshot().map(brief));
}
