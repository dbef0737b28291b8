import type { ReactElement } from 'react';
import type { Peer } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';
import { usePeerUsers } from '../people/use-peer-users';
import { linkInWords, qualityInWords } from './peer-words';
import type { PeerLinks } from './use-peer-links';
import { usePeerLog } from './use-peer-log';
import { useRoomState } from './use-room-state';
import { counted } from './words';

/** The others as they are reached directly, beside the server. */
export function Peers({ state }: { state: PeerLinks['state'] }): ReactElement {
  const peers = useStore(useRoom().peers);
  const userOf = usePeerUsers();
  const { sync } = useRoomState();
  usePeerLog(peers, userOf);
  return (
    <section className="peers" aria-labelledby="peers-title">
      <h3 id="peers-title">Peers</h3>
      {/* Not a live region: it changes with each edit. */}
      <p className="sheet-note" data-testid="peers-synced">
        {summary(state, peers.length, sync.peers)}
      </p>
      <ul>
        {peers.map((peer) => (
          <PeerRow key={peer.id} peer={peer} name={userOf(peer).name} />
        ))}
      </ul>
    </section>
  );
}

function PeerRow({ peer, name }: { peer: Peer; name: string }): ReactElement {
  const { state, path, quality, rtt, synced } = peer;
  const facts = [path, quality && qualityInWords(quality), rtt === null ? null : `${Math.round(rtt)} ms`];
  return (
    <li className="peer" data-state={state} data-testid="peer">
      <span className="peer-name">{name}</span>
      <span className="peer-state">{linkInWords(peer)}</span>
      <span className="peer-facts">{facts.filter(Boolean).join(' · ')}</span>
      <span className="peer-synced">{synced ? 'has everything' : 'catching up'}</span>
    </li>
  );
}

function summary(state: PeerLinks['state'], count: number, { synced, of }: { synced: number; of: number }): string {
  if (state === 'cut') return 'Cut by you: everything goes by the server.';
  if (count === 0) return 'Nobody to link with yet.';
  return of === 0 ? `${counted(count, 'peer')}, none linked yet.` : `Synced with ${synced} of ${counted(of, 'peer')}.`;
}
