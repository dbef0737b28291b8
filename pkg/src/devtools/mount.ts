import { button, element, setAttribute, setText } from './element.js';
import { Mark } from './facts.js';
import { Panel } from './panel.js';
import { dress } from './style.js';
import type { DevtoolsClient, DevtoolsOptions } from './types.js';
import { Watcher } from './watcher.js';
import { toneOf } from './words.js';

/** Where this tab keeps whether the panel is open. */
const KEY = 'rejoin/devtools';

/** The button and the panel in the page. */
export class Devtools {
  readonly #host: HTMLElement;
  readonly #watcher: Watcher;
  readonly #panel: Panel;
  readonly #launcher: HTMLButtonElement;
  readonly #mark = new Mark();
  readonly #faults: HTMLElement = element('span', { class: 'faults' });
  #isOpen: boolean;
  #frame: number | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(client: DevtoolsClient, options: DevtoolsOptions) {
    const { corner = 'bottom-right', theme = 'auto', container = document.body ?? document.documentElement } = options;
    this.#isOpen = options.open ?? wasOpen();
    this.#host = element('div', { 'data-rejoin-devtools': '', 'data-corner': corner, 'data-theme': theme });
    const shadow = this.#host.attachShadow({ mode: 'open' });
    dress(shadow);
    this.#launcher = button('', () => this.#toggle(), { class: 'launcher', 'aria-controls': 'panel' });
    this.#launcher.append('rejoin ', this.#mark.element, this.#faults);
    this.#watcher = new Watcher(client, options, () => this.#later());
    const close = (): void => this.#close();
    this.#panel = new Panel(this.#watcher, options, close, () => this.#later());
    shadow.append(this.#panel.element, this.#launcher);
    this.#host.addEventListener('keydown', (event) => this.#onKey(event));
    // Shortcuts of the app are not for who types here.
    for (const type of ['keyup', 'keypress']) this.#host.addEventListener(type, (event) => event.stopPropagation());
    container.append(this.#host);
    this.#show();
  }

  unmount(): void {
    this.#watcher.stop();
    this.#panel.show(false);
    clearInterval(this.#tick);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = 0; // asks for no other
    this.#host.remove();
  }

  /** Once a frame, however much happens; not at all while nobody can see it. */
  #later(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#update();
    });
  }

  #update(): void {
    const { client, journal } = this.#watcher;
    const { status } = client.connection.getSnapshot();
    const { status: sync, pending } = client.sync.getSnapshot();
    const isWaiting = status === 'connected' && (pending > 0 || sync === 'rejected');
    this.#mark.set(isWaiting ? sync : status, toneOf(isWaiting ? sync : status));
    const faults = journal.faults.length;
    setText(this.#faults, faults > 0 ? ` ${faults} ${faults === 1 ? 'error' : 'errors'}` : '');
    if (this.#isOpen) this.#panel.update();
  }

  #show(): void {
    setAttribute(this.#launcher, 'aria-expanded', String(this.#isOpen));
    this.#panel.show(this.#isOpen);
    this.#update();
    clearInterval(this.#tick);
    // For what is counted down.
    if (this.#isOpen) this.#tick = setInterval(() => this.#later(), 1_000);
  }

  #toggle(): void {
    this.#isOpen = !this.#isOpen;
    keepOpen(this.#isOpen);
    this.#show();
  }

  #close(): void {
    if (this.#isOpen) this.#toggle();
    this.#launcher.focus();
  }

  #onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Escape') this.#close();
  }
}

function wasOpen(): boolean {
  try {
    return sessionStorage.getItem(KEY) === 'open';
  } catch {
    return false;
  }
}

function keepOpen(isOpen: boolean): void {
  try {
    sessionStorage.setItem(KEY, isOpen ? 'open' : 'closed');
  } catch {
    // A page may have no storage.
  }
}
