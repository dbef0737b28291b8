import { SyncError } from '../errors.js';
import { mediaDevices } from './devices.js';
import type { MediaSlot } from './media-types.js';

/** What a slot was asked for with; a screen is asked for anew by the user each time. */
export type Wish = MediaTrackConstraints | DisplayMediaStreamOptions;

/** Slots that are opened by constraints. */
type DeviceSlot = Exclude<MediaSlot, 'screen'>;

/** Opens several slots with one question to the user. Rejects with `E_MEDIA`; then nothing is left open. */
export async function capture(
  wishes: ReadonlyMap<DeviceSlot, MediaTrackConstraints>,
): Promise<Map<MediaSlot, MediaStreamTrack>> {
  const camera = wishes.get('camera');
  const mic = wishes.get('mic');
  const constraints = { ...(camera && { video: camera }), ...(mic && { audio: mic }) };
  const stream = await ask([...wishes.keys()].join(' and '), (devices) => devices.getUserMedia(constraints));
  const found = new Map<MediaSlot, MediaStreamTrack>();
  for (const track of stream.getTracks()) found.set(track.kind === 'video' ? 'camera' : 'mic', track);
  return found;
}

/** Asks the user for a screen, a window or a tab. Its sound is not taken. */
export async function captureScreen(wish: DisplayMediaStreamOptions): Promise<MediaStreamTrack> {
  const stream = await ask('screen', (devices) => devices.getDisplayMedia({ ...wish, audio: false }));
  const [track, ...rest] = stream.getTracks();
  for (const extra of rest) extra.stop();
  if (!track) throw refusal('screen', new DOMException('there is no picture', 'NotFoundError'));
  return track;
}

async function ask(what: string, open: (devices: MediaDevices) => Promise<MediaStream>): Promise<MediaStream> {
  const devices = mediaDevices();
  if (!devices) throw new SyncError('E_MEDIA', `${what}: this page has no devices; it must be served over HTTPS`);
  try {
    return await open(devices);
  } catch (error) {
    throw refusal(what, error);
  }
}

/** What each refusal of the browser means, by its name (Media Capture and Streams §10.2). */
const MEANINGS: Readonly<Record<string, string>> = {
  NotAllowedError: 'the user or the page policy does not allow it',
  NotFoundError: 'there is no such device',
  OverconstrainedError: 'no device fits what was asked for',
  NotReadableError: 'the device is in use by another program, or out of order',
  InvalidStateError: 'it can be asked for only in a click, while the page has the focus',
};

function refusal(what: string, cause: unknown): SyncError {
  const { name = '', message = String(cause) } = (cause ?? {}) as Partial<Error>;
  const meaning = MEANINGS[name] ?? message;
  const retryable = name === 'NotReadableError' || name === 'AbortError';
  return new SyncError('E_MEDIA', `${what}: ${meaning} (${name || 'unknown'})`, { cause, retryable });
}
