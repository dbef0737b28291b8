import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { button, element, setChildren, setText } from './element.js';
import { Facts } from './facts.js';
import { Fold, type Part } from './fold.js';
import { entryList, faultList, linkList } from './lists.js';
import { ReportBar } from './report-bar.js';
import { RoomView } from './room-view.js';
import type { DevtoolsClient, DevtoolsOptions } from './types.js';
import type { Watcher } from './watcher.js';
import { bytes, counted } from './words.js';

/** What the button opens. */
export class Panel {
  readonly element: HTMLElement;
  readonly #watcher: Watcher;
  readonly #onChange: () => void;
  readonly #status: HTMLElement = element('p', { role: 'status' });
  readonly #rooms: HTMLElement = element('div');
  readonly #none: HTMLElement = element('p', { class: 'none' }, 'No room is entered.');
  readonly #views = new Map<Room<Schema>, RoomView>();
  readonly #faults: Fold;
  readonly #parts: readonly Part[];

  constructor(watcher: Watcher, options: DevtoolsOptions, onClose: () => void, onChange: () => void) {
    this.#watcher = watcher;
    this.#onChange = onChange;
    const { client, links, journal } = watcher;
    const clear = button('Clear events', () => {
      journal.clear();
      onChange();
    });
    const list = new Fold(heading('Streams and sockets'), () => linkList(links), { open: true });
    this.#faults = new Fold(heading('Errors'), () => faultList(journal, options.docs));
    const device = new Fold(heading('This device'), () => deviceFacts(client));
    const events = new Fold(heading('Events'), () => withButton(entryList(journal), clear));
    this.#parts = [...(links.size > 0 ? [list] : []), this.#faults, device, events];
    const close = button('Close', onClose, { 'aria-label': 'Close the devtools' });
    this.element = element(
      'section',
      { class: 'panel', id: 'panel', 'aria-label': 'rejoin devtools' },
      element('header', {}, element('h1', {}, 'rejoin'), this.#status, close),
      element('h2', {}, 'Rooms'),
      this.#rooms,
      ...this.#parts.map(({ element }) => element),
      new ReportBar(watcher).element,
    );
  }

  /** Brings what is seen up to date. */
  update(): void {
    const { client, rooms, journal } = this.#watcher;
    setText(this.#status, client.connection.getSnapshot().status);
    this.#drawRooms(rooms);
    setText(this.#faults.title, `Errors: ${journal.faults.length}`);
    for (const part of this.#parts) part.update();
  }

  /** Documents are followed only while they can be seen. */
  show(isShown: boolean): void {
    this.element.hidden = !isShown;
    for (const view of this.#views.values()) view.show(isShown);
    if (isShown) this.update();
  }

  #drawRooms(rooms: readonly Room<Schema>[]): void {
    for (const [room, view] of this.#views) {
      if (rooms.includes(room)) continue;
      view.show(false);
      this.#views.delete(room);
    }
    const views = rooms.map((room) => this.#viewOf(room));
    for (const view of views) view.update();
    const drawn = views.map((view) => view.element);
    setChildren(this.#rooms, drawn.length > 0 ? drawn : [this.#none]);
  }

  /** The first one is open. */
  #viewOf(room: Room<Schema>): RoomView {
    const view = this.#views.get(room) ?? new RoomView(room, this.#views.size === 0, this.#onChange);
    this.#views.set(room, view);
    return view;
  }
}

function deviceFacts({ device }: DevtoolsClient): Part {
  const facts = new Facts();
  const update = (): void => {
    const { persisted, usage, quota, unsent } = device.getSnapshot();
    facts.set('May be evicted', persisted === null ? 'not known' : persisted ? 'no' : 'yes');
    facts.set('Used', `${bytes(usage)} of ${bytes(quota)}`);
    const waiting = unsent.length > 0 ? `${counted(unsent.length, 'room')}: ${unsent.join(', ')}` : 'none';
    facts.set('Unsent in', waiting);
  };
  return { element: facts.element, update };
}

function withButton(part: Part, clear: HTMLElement): Part {
  return { element: element('div', {}, part.element, clear), update: () => part.update() };
}

function heading(words: string): HTMLElement {
  return element('h2', {}, words);
}
