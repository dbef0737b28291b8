import { useEffect, useRef } from 'react';
import type { Peer } from 'rejoin';
import { log } from '../log';
import type { User } from '../user';
import { linkInWords } from './peer-words';

/** Writes into the log how links with peers come and go, once it is known who they are. */
export function usePeerLog(peers: readonly Peer[], userOf: (peer: Peer) => User): void {
  const before = useRef<ReadonlyMap<number, Told>>(new Map());
  useEffect(() => {
    const now = new Map<number, Told>();
    for (const peer of peers) {
      const old = before.current.get(peer.id);
      if (peer.connectionId === null && !old) continue;
      const words = linkInWords(peer);
      const name = peer.connectionId === null ? (old?.name ?? '') : userOf(peer).name;
      if (old?.words !== words) log.add('status', `${name}: ${words}.`);
      now.set(peer.id, { name, words });
    }
    for (const [id, { name }] of before.current) if (!now.has(id)) log.add('status', `${name}: link gone.`);
    before.current = now;
  }, [peers, userOf]);
}

interface Told {
  readonly name: string;
  readonly words: string;
}
