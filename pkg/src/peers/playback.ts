import { type Notify, type Store, ValueStore } from '../store.js';

/** Elements that play tracks, and whether the browser lets them. */
export class Playback {
  readonly #blocked: ValueStore<boolean>;
  /** Elements that the browser refused to play before the user has touched the page. */
  readonly #waiting = new Set<HTMLMediaElement>();
  readonly #outlets = new Set<Outlet>();
  #speaker = '';

  constructor(notify: Notify) {
    this.#blocked = new ValueStore(false, notify);
  }

  get blocked(): Store<boolean> {
    return this.#blocked;
  }

  /** A place where one track is played, whatever track that is. */
  outlet(own: boolean): Outlet {
    const outlet = new Outlet(this, own);
    this.#outlets.add(outlet);
    return outlet;
  }

  /** Plays what was refused; call it in a click. */
  readonly resume = async (): Promise<void> => {
    await Promise.all([...this.#waiting].map((element) => this.play(element)));
  };

  /** Plays sound of others on this device. Rejects with what the browser says. */
  async setSpeaker(deviceId: string): Promise<void> {
    this.#speaker = deviceId;
    const elements = [...this.#outlets].flatMap((outlet) => (outlet.own ? [] : outlet.elements()));
    await Promise.all(elements.map((element) => this.#choose(element)));
  }

  async play(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play();
      this.#waiting.delete(element);
    } catch (error) {
      // Anything else is an element that was given another track, or taken out, meanwhile.
      if ((error as DOMException | null)?.name === 'NotAllowedError') this.#waiting.add(element);
      else this.#waiting.delete(element);
    }
    this.#blocked.set(this.#waiting.size > 0);
  }

  begin(element: HTMLMediaElement, own: boolean): void {
    // One's own voice would come back as an echo.
    if (own) element.muted = true;
    else if (this.#speaker) this.#choose(element).catch(() => {});
    void this.play(element);
  }

  end(element: HTMLMediaElement): void {
    element.srcObject = null;
    this.#waiting.delete(element);
    this.#blocked.set(this.#waiting.size > 0);
  }

  close(outlet: Outlet): void {
    outlet.show(null);
    this.#outlets.delete(outlet);
  }

  async #choose(element: HTMLMediaElement): Promise<void> {
    if ('setSinkId' in element) await element.setSinkId(this.#speaker);
  }
}

/** Elements that show one slot of one page. They keep what they are given when its track is replaced. */
export class Outlet {
  readonly own: boolean;
  readonly #playback: Playback;
  readonly #elements = new Set<HTMLMediaElement>();
  #track: MediaStreamTrack | null = null;

  constructor(playback: Playback, own: boolean) {
    this.#playback = playback;
    this.own = own;
  }

  /** Made for `ref={…}`: an element, or null for one that went. */
  readonly attach = (element: HTMLMediaElement | null): void => {
    if (element) {
      this.#elements.add(element);
      this.#feed(element);
    } else if (this.#elements.size === 1) this.#drop(() => true);
    // Which of several went shows when the page has changed.
    else queueMicrotask(() => this.#drop(({ isConnected }) => !isConnected));
  };

  elements(): readonly HTMLMediaElement[] {
    return [...this.#elements];
  }

  /** Shows another track, or nothing. */
  show(track: MediaStreamTrack | null): void {
    if (this.#track === track) return;
    this.#track = track;
    for (const element of this.#elements) this.#feed(element);
  }

  #feed(element: HTMLMediaElement): void {
    const track = this.#track;
    if (!track) {
      this.#playback.end(element);
      return;
    }
    const { srcObject } = element;
    if (srcObject instanceof MediaStream && srcObject.getTracks()[0] === track) return;
    element.srcObject = new MediaStream([track]);
    this.#playback.begin(element, this.own);
  }

  #drop(gone: (element: HTMLMediaElement) => boolean): void {
    for (const element of this.#elements) {
      if (!gone(element)) continue;
      this.#elements.delete(element);
      this.#playback.end(element);
    }
  }
}
