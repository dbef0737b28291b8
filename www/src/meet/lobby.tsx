import type { ReactElement } from 'react';
import { usePeers, useRemoteTracks } from 'rejoin/react';
import { usePeerUsers } from '../people/use-peer-users';
import type { Meeting } from './use-meeting';

/** Before somebody joins: who is there, and what to bring. */
export function Lobby({ meeting: { join, busy } }: { meeting: Meeting }): ReactElement {
  const peers = usePeers();
  const tracks = useRemoteTracks();
  const userOf = usePeerUsers();
  const present = peers.filter(({ id }) => tracks.some(({ peer }) => peer === id));
  const names = new Intl.ListFormat('en').format(present.map((peer) => userOf(peer).name));
  return (
    <div className="lobby">
      <p role="status">
        {present.length === 0 ? 'Nobody is in it yet.' : `${names} ${present.length === 1 ? 'is' : 'are'} in it.`}
      </p>
      <p className="sheet-note">
        Your browser asks for camera and microphone when you join. They go straight to the others, not through the
        server.
      </p>
      <div className="lobby-tools">
        <button type="button" className="main-tool" disabled={busy} onClick={() => join({ camera: true, mic: true })}>
          {busy ? 'Asking for devices' : 'Join with camera and microphone'}
        </button>
        <button type="button" disabled={busy} onClick={() => join({ mic: true })}>
          Join with microphone
        </button>
        <button type="button" disabled={busy} onClick={() => join({})}>
          Just watch
        </button>
      </div>
    </div>
  );
}
