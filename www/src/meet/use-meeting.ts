import { useEffect, useState } from 'react';
import { type LocalMedia, type MediaSlot, type PublishOptions, SyncError } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';

/** This window's part in the video room. */
export interface Meeting {
  readonly joined: boolean;
  /** Whether a device is being opened, or the user is asked. */
  readonly busy: boolean;
  /** What went wrong last, for people. */
  readonly trouble: string | null;
  readonly local: LocalMedia;
  /** Asks for devices, and shows and plays the others. With nothing to publish it only does the latter. */
  readonly join: (what: PublishOptions) => Promise<void>;
  readonly leave: () => Promise<void>;
  /** Publishes a slot, or hides it, or shows it again. */
  readonly toggle: (slot: 'camera' | 'mic') => Promise<void>;
  readonly share: () => Promise<void>;
  readonly setDevice: (kind: 'camera' | 'mic' | 'speaker', id: string) => Promise<void>;
}

/** Devices are asked for when somebody joins, and let go when they leave. */
export function useMeeting(): Meeting {
  const { media } = useRoom();
  const local = useStore(media.local);
  const [joined, setJoined] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => media.on('ended', ({ slot }) => setTrouble(ENDED[slot])), [media]);
  const attempt = async (action: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await action();
    } catch (error) {
      setTrouble(inWords(error));
    } finally {
      setBusy(false);
    }
  };
  const join = (what: PublishOptions): Promise<void> =>
    attempt(async () => {
      if (Object.keys(what).length > 0) await media.publish(what);
      setJoined(true);
    });
  const leave = (): Promise<void> => {
    setJoined(false);
    return attempt(() => media.unpublish());
  };
  const toggle = (slot: 'camera' | 'mic'): Promise<void> =>
    attempt(() => {
      if (!local[slot]) return media.publish({ [slot]: true });
      return local[slot].muted ? media.unmute(slot) : media.mute(slot);
    });
  const share = (): Promise<void> =>
    attempt(() => (local.screen ? media.unpublish('screen') : media.publish({ screen: true })));
  const setDevice: Meeting['setDevice'] = (kind, id) => attempt(() => media.setDevice(kind, id));
  return { joined, busy, trouble, local, join, leave, toggle, share, setDevice };
}

const ENDED: Record<MediaSlot, string> = {
  camera: 'The camera is gone: unplugged, or taken away.',
  mic: 'The microphone is gone: unplugged, or taken away.',
  screen: 'The screen is not shared any more.',
};

function inWords(error: unknown): string {
  if (!(error instanceof SyncError)) return String(error);
  if (error.code === 'E_NEEDS_SFU')
    return 'Too many are here: each would send to all the others. Above six, video needs a media server (SFU).';
  if (error.code === 'E_UNSUPPORTED') return 'Video goes straight to the others: link with the peers first.';
  return `That did not work. ${error.message}`;
}
