import { useCallback, useMemo } from 'react';
import type { DeviceList, LocalMedia, LocalTrack, Media, MediaSlot, RemoteTrack } from '../peers/media-types.js';
import type { FileTransfer, LinkQuality, Peer } from '../peers/types.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { shallow } from '../shallow.js';
import { useRoom } from './context.js';
import { useStore } from './store.js';

/**
 * The others that are reached directly, by number.
 * @example
 * const near = usePeers().filter(({ state }) => state === 'up').length;
 */
export function usePeers(): readonly Peer[] {
  return useStore(useRoom<Schema>().peers);
}

/**
 * One peer by its number; null while there is none.
 * @example
 * const peer = usePeer(1);
 * console.log(peer?.state);
 */
export function usePeer(id: number): Peer | null {
  return useStore(useRoom<Schema>().peers, (peers) => peers.find((peer) => peer.id === id) ?? null);
}

/**
 * How well the link with a peer does; null until it was measured.
 * @example
 * const quality = useConnectionQuality(1);
 * console.log(quality);
 */
export function useConnectionQuality(peer: number): LinkQuality | null {
  return usePeer(peer)?.quality ?? null;
}

/** What {@link useLocalMedia} gives. */
export interface LocalMediaView
  extends LocalMedia,
    Pick<Media, 'publish' | 'unpublish' | 'mute' | 'unmute' | 'setDevice'> {
  /** Mutes what is heard or seen, and the other way round. */
  readonly toggle: (slot: MediaSlot) => Promise<void>;
}

/**
 * What this client publishes, and the functions of `room.media` that change it.
 * @example
 * const { camera } = useLocalMedia();
 * const video = camera && <video ref={camera.attach} />;
 */
export function useLocalMedia(): LocalMediaView {
  const { media } = useRoom<Schema>();
  const local = useStore(media.local);
  const toggle = useCallback(
    (slot: MediaSlot) => (media.local.getSnapshot()[slot]?.muted ? media.unmute(slot) : media.mute(slot)),
    [media],
  );
  const { publish, unpublish, mute, unmute, setDevice } = media;
  return useMemo(
    () => ({ ...local, publish, unpublish, mute, unmute, setDevice, toggle }),
    [local, publish, unpublish, mute, unmute, setDevice, toggle],
  );
}

/**
 * What the others publish, or what one peer does.
 * @example
 * const videos = useRemoteTracks().map((track) => <video key={track.track.id} ref={track.attach} />);
 */
export function useRemoteTracks(peer?: number): readonly RemoteTrack[] {
  const { media } = useRoom<Schema>();
  const select = (tracks: readonly RemoteTrack[]): readonly RemoteTrack[] =>
    peer === undefined ? tracks : tracks.filter((track) => track.peer === peer);
  return useStore(media.remote, select, shallow);
}

/**
 * Cameras, microphones and speakers of this machine.
 * @example
 * const names = useDevices().cameras.map(({ label }) => label);
 */
export function useDevices(): DeviceList {
  return useStore(useRoom<Schema>().media.devices);
}

/** What {@link useScreenShare} gives. */
export interface ScreenShare {
  /** The own screen while it is shared. */
  readonly track: LocalTrack | null;
  /** Asks the user what to share; call it in a click. Rejects as `room.media.publish`. */
  readonly start: (options?: DisplayMediaStreamOptions) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Sharing a screen, a window or a tab. `track` is null again when the user stops it where the browser shows that.
 * @example
 * const { start, track } = useScreenShare();
 * const button = <button type="button" disabled={track !== null} onClick={() => void start()} />;
 */
export function useScreenShare(): ScreenShare {
  const { media } = useRoom<Schema>();
  const track = useStore(media.local, ({ screen }) => screen);
  const start = useCallback(
    async (options?: DisplayMediaStreamOptions): Promise<void> => {
      await media.publish({ screen: options ?? true });
    },
    [media],
  );
  const stop = useCallback(() => media.unpublish('screen'), [media]);
  return useMemo(() => ({ track, start, stop }), [track, start, stop]);
}

/** What {@link useFileTransfers} gives. */
export interface FileTransfersView {
  /** All transfers of the room, in the order they were offered. */
  readonly transfers: readonly FileTransfer[];
  /** Those that wait for an answer of this user. */
  readonly offers: readonly FileTransfer[];
  /** As `room.sendFile`. */
  readonly sendFile: Room<Schema>['sendFile'];
}

/**
 * Files on their way, files that came, and the function that sends one.
 * @example
 * const { offers } = useFileTransfers();
 * const first = offers[0]?.accept();
 */
export function useFileTransfers(): FileTransfersView {
  const { files, sendFile } = useRoom<Schema>();
  const transfers = useStore(files);
  return useMemo(() => {
    const offers = transfers.filter(({ direction, status }) => direction === 'incoming' && status === 'offered');
    return { transfers, offers, sendFile };
  }, [transfers, sendFile]);
}
