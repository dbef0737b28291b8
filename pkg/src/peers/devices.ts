import { Listeners, type Notify, type Store } from '../store.js';
import type { DeviceList } from './media-types.js';

const NO_DEVICES: DeviceList = Object.freeze({
  cameras: Object.freeze([]),
  mics: Object.freeze([]),
  speakers: Object.freeze([]),
});

/** The devices of this machine; the page is listened to only while somebody wants to know. */
export class DeviceWatch implements Store<DeviceList> {
  readonly #notify: Notify;
  readonly #listeners = new Listeners<[]>();
  #list: DeviceList = NO_DEVICES;
  #holds = 0;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  readonly getSnapshot = (): DeviceList => this.#list;

  readonly getServerSnapshot = (): DeviceList => NO_DEVICES;

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#listeners.add(listener);
    const release = this.hold();
    return () => {
      stop();
      release();
    };
  };

  /** Watches until the returned function is called. */
  hold(): () => void {
    if (this.#holds++ === 0) {
      mediaDevices()?.addEventListener('devicechange', this.refresh);
      this.refresh();
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds === 0) mediaDevices()?.removeEventListener('devicechange', this.refresh);
    };
  }

  /** Reads the list anew: labels appear when the user has allowed a device. */
  readonly refresh = (): void => {
    void mediaDevices()
      ?.enumerateDevices()
      .then(
        (devices) => this.#take(devices),
        // Forbidden by the page's policy: there are none.
        () => this.#take([]),
      );
  };

  #take(devices: readonly MediaDeviceInfo[]): void {
    const of = (kind: MediaDeviceKind): readonly MediaDeviceInfo[] =>
      Object.freeze(devices.filter((device) => device.kind === kind));
    const list = { cameras: of('videoinput'), mics: of('audioinput'), speakers: of('audiooutput') };
    if (same(list, this.#list)) return;
    this.#list = Object.freeze(list);
    this.#notify(this.#listeners.prepare());
  }
}

/** The browser's devices; null where the page is not secure, and outside of browsers. */
export function mediaDevices(): MediaDevices | null {
  return typeof navigator === 'object' ? (navigator.mediaDevices ?? null) : null;
}

function same(a: DeviceList, b: DeviceList): boolean {
  const text = (list: DeviceList): string =>
    JSON.stringify([list.cameras, list.mics, list.speakers].map((all) => all.map((one) => [one.deviceId, one.label])));
  return text(a) === text(b);
}
