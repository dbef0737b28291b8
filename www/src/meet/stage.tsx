import type { ReactElement } from 'react';
import type { LocalMedia, MediaSlot, RemoteTrack } from 'rejoin';
import { usePeers, useRemoteTracks } from 'rejoin/react';
import { linkInWords, qualityInWords } from '../network/peer-words';
import { usePeerUsers } from '../people/use-peer-users';
import { useSelf } from '../people/use-self';
import { PersonTile, ScreenTile } from './tile';

/** Everybody who shows or says something, the own window last. */
export function Stage({ local }: { local: LocalMedia }): ReactElement {
  const self = useSelf();
  const peers = usePeers();
  const tracks = useRemoteTracks();
  const userOf = usePeerUsers();
  const speakers = peers.filter(({ id }) => tracks.some(({ peer }) => peer === id));
  return (
    <ul className="stage" aria-label="In the video room">
      {local.screen && <ScreenTile name="You" track={local.screen} />}
      {speakers.map((peer) => {
        const screen = find(tracks, peer.id, 'screen');
        return screen && <ScreenTile key={`screen ${peer.id}`} name={userOf(peer).name} track={screen} />;
      })}
      {speakers.map((peer) => (
        <PersonTile
          key={peer.id}
          user={userOf(peer)}
          camera={find(tracks, peer.id, 'camera')}
          mic={find(tracks, peer.id, 'mic')}
          own={false}
          link={peer.state === 'up' ? (peer.quality ? qualityInWords(peer.quality) : '') : linkInWords(peer)}
        />
      ))}
      <PersonTile user={self} camera={local.camera} mic={local.mic} own link="" />
    </ul>
  );
}

function find(tracks: readonly RemoteTrack[], peer: number, slot: MediaSlot): RemoteTrack | null {
  return tracks.find((track) => track.peer === peer && track.slot === slot) ?? null;
}
