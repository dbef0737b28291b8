import { vi } from 'vitest';

/** A track that says whether it runs. */
export class FakeTrack extends EventTarget {
  readonly kind: string;
  readonly deviceId: string;
  enabled = true;
  readyState: 'live' | 'ended' = 'live';

  constructor(kind: string, deviceId: string) {
    super();
    this.kind = kind;
    this.deviceId = deviceId;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The device is pulled out, or the user stops it. */
  unplug(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }

  get real(): MediaStreamTrack {
    return this as unknown as MediaStreamTrack;
  }
}

class FakeStream {
  readonly #tracks: readonly FakeTrack[];

  constructor(tracks: readonly FakeTrack[] = []) {
    this.#tracks = tracks;
  }

  getTracks(): readonly FakeTrack[] {
    return this.#tracks;
  }
}

type Constraint = boolean | { readonly deviceId?: { readonly exact: string } } | undefined;

/** The browser's devices: which there are, and what was opened. */
export class FakeDevices extends EventTarget {
  /** Ids of cameras and microphones; the first of a kind is the default one. */
  cameras = ['cam-1', 'cam-2'];
  mics = ['mic-1'];
  readonly opened: FakeTrack[] = [];
  readonly asked: unknown[] = [];
  refusal: string | null = null;
  /** Resolves before anything is opened. */
  gate: Promise<void> = Promise.resolve();

  async getUserMedia(constraints: { readonly video?: Constraint; readonly audio?: Constraint }): Promise<FakeStream> {
    this.asked.push(constraints);
    await this.gate;
    const { video, audio } = constraints;
    const tracks = [
      ...(video ? [this.#open('video', this.cameras, video)] : []),
      ...(audio ? [this.#open('audio', this.mics, audio)] : []),
    ];
    this.opened.push(...tracks);
    return new FakeStream(tracks);
  }

  async getDisplayMedia(options: unknown): Promise<FakeStream> {
    this.asked.push(options);
    const track = this.#open('video', ['screen'], true);
    this.opened.push(track);
    return new FakeStream([track]);
  }

  async enumerateDevices(): Promise<unknown[]> {
    const all = (kind: string, ids: readonly string[]) => ids.map((deviceId) => ({ kind, deviceId, label: deviceId }));
    return [...all('videoinput', this.cameras), ...all('audioinput', this.mics)];
  }

  /** Tracks that run. */
  live(): readonly FakeTrack[] {
    return this.opened.filter(({ readyState }) => readyState === 'live');
  }

  #open(kind: string, ids: readonly string[], wish: Constraint): FakeTrack {
    if (this.refusal) throw new DOMException('no', this.refusal);
    const exact = typeof wish === 'object' ? wish.deviceId?.exact : undefined;
    const id = exact ?? ids[0];
    if (id === undefined) throw new DOMException('none', 'NotFoundError');
    if (!ids.includes(id)) throw new DOMException('gone', 'OverconstrainedError');
    return new FakeTrack(kind, id);
  }
}

/** An element that plays, unless the browser does not let it. */
export class FakeElement {
  srcObject: FakeStream | null = null;
  muted = false;
  isConnected = true;
  allowed = true;
  played = 0;
  sink = '';

  async play(): Promise<void> {
    if (!this.allowed) throw new DOMException('touch the page first', 'NotAllowedError');
    this.played++;
  }

  async setSinkId(id: string): Promise<void> {
    this.sink = id;
  }

  get shows(): FakeTrack | null {
    return this.srcObject?.getTracks()[0] ?? null;
  }

  get real(): HTMLMediaElement {
    return this as unknown as HTMLMediaElement;
  }
}

/** Puts the doubles in the place of the browser's own, for one test. */
export function fakeDevices(): FakeDevices {
  const devices = new FakeDevices();
  vi.stubGlobal('navigator', { mediaDevices: devices });
  vi.stubGlobal('MediaStream', FakeStream);
  return devices;
}
