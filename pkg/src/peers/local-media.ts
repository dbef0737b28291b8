import { SyncError } from '../errors.js';
import { type Notify, type Store, ValueStore } from '../store.js';
import { capture, captureScreen, type Wish } from './capture.js';
import { mediaDevices } from './devices.js';
import { LastWords } from './last-words.js';
import type { LocalMedia, LocalTrack, MediaSlot, PublishOptions } from './media-types.js';
import type { Outlet, Playback } from './playback.js';

/** Where local tracks go, and who hears of them. */
export interface LocalMediaUser {
  readonly id: string;
  /** Throws where nothing may be published now. */
  admit(): void;
  /** Sends a track to all peers in a slot, or nothing. */
  replace(slot: MediaSlot, track: MediaStreamTrack | null): void;
  /** What is published, or whether it is muted, has changed. */
  onChange(): void;
  /** A track ended by itself. */
  onEnded(slot: MediaSlot): void;
  /** Another device has taken the place of the one that is gone. */
  onFallback(slot: MediaSlot, deviceId: string | null): void;
}

const SLOTS: readonly MediaSlot[] = ['camera', 'mic', 'screen'];
const NOTHING: LocalMedia = Object.freeze({ camera: null, mic: null, screen: null });

/** A slot that is published. */
interface Held {
  readonly slot: MediaSlot;
  /** What it was opened with, to open it again; null for a track of the app's own. */
  readonly wish: Wish | null;
  readonly outlet: Outlet;
  /** Null while a camera is switched off. */
  readonly track: MediaStreamTrack | null;
  readonly muted: boolean;
  /** Stops listening to the track. */
  readonly unwatch: () => void;
}

/** A track with what it was opened with, and whether the device that was chosen is gone. */
type Opened = Pick<Held, 'wish'> & { readonly track: MediaStreamTrack; readonly isFallback?: boolean };

/** What devices are opened with. */
type Wishes = Map<'camera' | 'mic', MediaTrackConstraints>;

/**
 * What this client publishes. One thing is opened after the other, while muting and unpublishing wait for nothing: the user may
 * leave a question of the browser unanswered for ever. A track of the app's own is never stopped.
 */
export class LocalTracks {
  readonly #user: LocalMediaUser;
  readonly #playback: Playback;
  readonly #store: ValueStore<LocalMedia>;
  readonly #held = new Map<MediaSlot, Held>();
  readonly #devices = new Map<MediaSlot, string>();
  readonly #words = new LastWords();
  #queue: Promise<unknown> = Promise.resolve();
  /** Counts how often everything was let go of: what was being opened then is closed again. */
  #life = 0;

  constructor(user: LocalMediaUser, playback: Playback, notify: Notify) {
    this.#user = user;
    this.#playback = playback;
    this.#store = new ValueStore(NOTHING, notify);
  }

  get store(): Store<LocalMedia> {
    return this.#store;
  }

  /** What the others are told: the slots, and which are muted. */
  get told(): Readonly<Record<string, { readonly muted: boolean }>> {
    return Object.fromEntries([...this.#held.values()].map(({ slot, muted }) => [slot, { muted }]));
  }

  readonly publish = async (what: PublishOptions): Promise<LocalMedia> => {
    const given = SLOTS.filter((slot) => what[slot] !== undefined);
    if (given.some((slot) => what[slot] !== false)) await this.#inTurn((asked) => this.#renew(what, given, asked));
    else if (given.length > 0) await this.unpublish(...given);
    return this.#store.getSnapshot();
  };

  readonly unpublish = async (...slots: readonly MediaSlot[]): Promise<void> => {
    for (const slot of slots.length > 0 ? slots : SLOTS) {
      this.#words.unpublish(slot);
      this.#drop(slot);
    }
    this.#publish();
  };

  readonly mute = async (slot: MediaSlot): Promise<void> => {
    this.#words.mute(slot);
    // What is not there may be being opened.
    if (!this.#held.has(slot)) await this.#inTurn(async () => this.#known(slot));
    else {
      this.#silence(slot);
      this.#publish();
    }
  };

  readonly unmute = (slot: MediaSlot): Promise<void> =>
    this.#inTurn(async (asked) => {
      const held = this.#known(slot);
      if (!held.muted || this.#words.wasMuted(slot, asked)) return;
      if (held.track) {
        if (slot === 'mic' && held.wish) held.track.enabled = true;
        else this.#user.replace(slot, held.track);
        this.#held.set(slot, { ...held, muted: false });
      } else await this.#reopen(held, (held.wish ?? {}) as MediaTrackConstraints, false, asked);
      this.#publish();
    });

  /** Goes on with another device, and opens this one from now on. */
  setDevice(slot: 'camera' | 'mic', deviceId: string): Promise<void> {
    return this.#inTurn(async (asked) => {
      const held = this.#held.get(slot);
      const wish = { ...(held?.wish as MediaTrackConstraints | undefined), deviceId: { exact: deviceId } };
      if (held?.wish && held.track) this.#take(slot, await this.#openDevice(slot, wish), held.muted, asked);
      else if (held?.wish) this.#held.set(slot, { ...held, wish });
      this.#devices.set(slot, deviceId);
      this.#publish();
    });
  }

  /** There is a mesh that knows nothing of what is published. */
  restore(): void {
    for (const { slot, track, muted, wish } of this.#held.values()) {
      if (track && (!muted || (slot === 'mic' && wish))) this.#user.replace(slot, track);
    }
  }

  /** Lets go of everything. */
  close(): void {
    this.#life++;
    for (const slot of SLOTS) this.#drop(slot);
    this.#store.set(NOTHING);
  }

  /** `asked` is when it was asked for, by {@link LastWords}. What waits when the room is left is not done after it is entered again. */
  #inTurn<T>(work: (asked: number) => Promise<T>): Promise<T> {
    const asked = this.#words.now;
    const life = this.#life;
    const turn = this.#queue.then(() => {
      this.#stillHere(life);
      return work(asked);
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #renew(what: PublishOptions, given: readonly MediaSlot[], asked: number): Promise<void> {
    this.#user.admit();
    const opened = await this.#open(what);
    for (const slot of given) {
      const track = opened.get(slot);
      if (track) this.#take(slot, track, false, asked);
      else this.#drop(slot);
      if (track?.isFallback) this.#tellFallback(slot);
    }
    this.#publish();
  }

  /** Opens what is asked for. The screen first: it is asked for in a click, which does not last. */
  async #open(what: PublishOptions): Promise<Map<MediaSlot, Opened>> {
    const opened = new Map<MediaSlot, Opened>();
    const wishes: Wishes = new Map();
    for (const slot of SLOTS) {
      const value = what[slot];
      if (!value) continue;
      if (isTrack(value)) opened.set(slot, { track: living(slot, value), wish: null });
      else if (slot !== 'screen') wishes.set(slot, this.#wishOf(slot, value as true | MediaTrackConstraints));
    }
    const life = this.#life;
    try {
      const { screen } = what;
      if (screen && !isTrack(screen)) {
        const wish = screen === true ? {} : screen;
        opened.set('screen', { track: await captureScreen(wish), wish });
      }
      if (wishes.size > 0) for (const [slot, one] of await this.#openDevices(what, wishes)) opened.set(slot, one);
      this.#stillHere(life);
      return opened;
    } catch (error) {
      for (const { track, wish } of opened.values()) if (wish) track.stop();
      throw error;
    }
  }

  /** Opens devices together; in the place of one that was chosen earlier and is gone, the one that it would be without. */
  async #openDevices(what: PublishOptions, wishes: Wishes): Promise<Map<MediaSlot, Opened>> {
    let tracks: ReadonlyMap<MediaSlot, MediaStreamTrack>;
    let lost: readonly MediaSlot[] = [];
    try {
      tracks = await capture(wishes);
    } catch (error) {
      if (isMissing(error)) lost = await this.#forgo(what, wishes);
      if (lost.length === 0) throw error;
      tracks = await capture(wishes);
    }
    const open = ([slot, track]: readonly [MediaSlot, MediaStreamTrack]) =>
      [slot, { track, wish: wishOf(wishes, slot), isFallback: lost.includes(slot) }] as const;
    return new Map([...tracks].map(open));
  }

  /** Wishes for no device that is gone, unless the app names it in this call; the slots of which. */
  async #forgo(what: PublishOptions, wishes: Wishes): Promise<readonly MediaSlot[]> {
    const devices = await mediaDevices()
      ?.enumerateDevices()
      .catch(() => []);
    const there = new Set(devices?.map(({ deviceId }) => deviceId));
    const lost = [...wishes.keys()].filter((slot) => {
      const isNamed = typeof what[slot] === 'object' && 'deviceId' in what[slot];
      const chosen = this.#devices.get(slot);
      return !isNamed && chosen !== undefined && !there.has(chosen);
    });
    for (const slot of lost) wishes.set(slot, what[slot] === true ? {} : (what[slot] as MediaTrackConstraints));
    return lost;
  }

  async #openDevice(slot: 'camera' | 'mic', wish: MediaTrackConstraints): Promise<Opened> {
    const life = this.#life;
    const track = (await capture(new Map([[slot, wish]]))).get(slot);
    if (!track) throw new SyncError('E_MEDIA', `${slot}: the browser gave nothing`);
    if (this.#life !== life) track.stop();
    this.#stillHere(life);
    return { track, wish };
  }

  #wishOf(slot: MediaSlot, value: true | MediaTrackConstraints): MediaTrackConstraints {
    const chosen = this.#devices.get(slot);
    return { ...(chosen !== undefined && { deviceId: { exact: chosen } }), ...(value !== true && value) };
  }

  /** Opens a device anew, or the default one where that is gone. */
  async #reopen(held: Held, wish: MediaTrackConstraints, isGone: boolean, asked: number): Promise<void> {
    const slot = held.slot as 'camera' | 'mic';
    const { deviceId, ...any } = wish;
    const muted = isGone && held.muted;
    const life = this.#life;
    try {
      if (isGone) throw new SyncError('E_MEDIA', `${slot}: the device is gone`);
      this.#take(slot, await this.#openDevice(slot, wish), muted, asked);
    } catch (error) {
      if (!isGone && (deviceId === undefined || !isMissing(error))) throw error;
      this.#stillHere(life);
      this.#take(slot, await this.#openDevice(slot, any), muted, asked);
      this.#tellFallback(slot);
    }
  }

  /** The default device has taken the place of the chosen one, unless the slot is not wanted any more. */
  #tellFallback(slot: MediaSlot): void {
    const held = this.#held.get(slot);
    if (!held) return;
    this.#devices.delete(slot);
    this.#user.onFallback(slot, held.track?.getSettings().deviceId ?? null);
  }

  /** Takes what was opened, as far as it is still wanted. */
  #take(slot: MediaSlot, opened: Opened, muted: boolean, asked: number): void {
    if (this.#words.wasUnpublished(slot, asked)) {
      if (opened.wish) opened.track.stop();
      return;
    }
    this.#hold(slot, opened, muted);
    if (this.#words.wasMuted(slot, asked)) this.#silence(slot);
  }

  #hold(slot: MediaSlot, { track, wish }: Opened, muted: boolean): void {
    const before = this.#held.get(slot);
    const onEnded = (): void => void this.#inTurn((asked) => this.#onEnded(slot, track, asked)).catch(() => {});
    track.addEventListener('ended', onEnded);
    const unwatch = (): void => track.removeEventListener('ended', onEnded);
    const outlet = before?.outlet ?? this.#playback.outlet(true);
    if (muted) track.enabled = false;
    this.#held.set(slot, { slot, wish, outlet, track, muted, unwatch });
    this.#user.replace(slot, track);
    // After the new one is on its way: there is no gap.
    if (before && before.track !== track) release(before);
    else before?.unwatch();
  }

  #silence(slot: MediaSlot): void {
    const held = this.#held.get(slot);
    if (!held?.track || held.muted) return;
    // Nothing is changed on a track of the app's own; a microphone that is opened anew would click, and a screen would ask.
    if (slot === 'mic' && held.wish) held.track.enabled = false;
    else this.#user.replace(slot, null);
    const off = slot === 'camera' && held.wish !== null;
    if (off) release(held);
    this.#held.set(slot, { ...held, muted: true, track: off ? null : held.track });
  }

  #drop(slot: MediaSlot): void {
    const held = this.#held.get(slot);
    if (!held) return;
    this.#held.delete(slot);
    this.#user.replace(slot, null);
    release(held);
    this.#playback.close(held.outlet);
  }

  /** The device is gone, or the user has stopped it where the browser shows that. */
  async #onEnded(slot: MediaSlot, track: MediaStreamTrack, asked: number): Promise<void> {
    const held = this.#held.get(slot);
    if (held?.track !== track) return;
    try {
      if (slot === 'screen' || !held.wish) throw new SyncError('E_MEDIA', `${slot}: it ended`);
      await this.#reopen(held, held.wish as MediaTrackConstraints, true, asked);
    } catch {
      if (!this.#held.has(slot)) return;
      this.#drop(slot);
      this.#user.onEnded(slot);
    }
    this.#publish();
  }

  #known(slot: MediaSlot): Held {
    const held = this.#held.get(slot);
    if (!held) throw new SyncError('E_INVALID_ARGUMENT', `the ${slot} is not published`, { room: this.#user.id });
    return held;
  }

  #stillHere(life: number): void {
    if (this.#life !== life) throw new SyncError('E_DISPOSED', 'the room has been left', { room: this.#user.id });
  }

  #publish(): void {
    const before = this.#store.getSnapshot();
    const shown = SLOTS.map((slot) => [slot, show(this.#held.get(slot), before[slot])] as const);
    if (shown.every(([slot, track]) => before[slot] === track)) return;
    for (const { outlet, track } of this.#held.values()) outlet.show(track);
    this.#store.set(Object.freeze(Object.fromEntries(shown) as LocalMedia));
    this.#user.onChange();
  }
}

function show(held: Held | undefined, before: LocalTrack | null): LocalTrack | null {
  if (!held) return null;
  const { slot, track, muted, wish, outlet } = held;
  const fromApp = wish === null;
  const deviceId = fromApp || slot === 'screen' ? null : (track?.getSettings().deviceId ?? before?.deviceId ?? null);
  const next: LocalTrack = { slot, track, muted, deviceId, fromApp, attach: outlet.attach };
  const keys = Object.keys(next) as (keyof LocalTrack)[];
  return before && keys.every((key) => before[key] === next[key]) ? before : Object.freeze(next);
}

/** Lets go of a track; one of the app's own goes on. */
function release({ track, wish, unwatch }: Held): void {
  unwatch();
  if (wish) track?.stop();
}

function isTrack(value: object | boolean): value is MediaStreamTrack {
  return typeof value === 'object' && 'readyState' in value;
}

function living(slot: MediaSlot, track: MediaStreamTrack): MediaStreamTrack {
  if (track.readyState === 'ended') throw new SyncError('E_MEDIA', `${slot}: the track that was given has ended`);
  return track;
}

/** Whether there is no such device. */
function isMissing(error: unknown): boolean {
  const name = error instanceof SyncError && (error.cause as Partial<Error> | undefined)?.name;
  return name === 'OverconstrainedError' || name === 'NotFoundError';
}

function wishOf(wishes: ReadonlyMap<MediaSlot, MediaTrackConstraints>, slot: MediaSlot): MediaTrackConstraints {
  return wishes.get(slot) ?? {};
}
