import { type ReactElement, useEffect } from 'react';
import { useRoom } from 'rejoin/react';
import { logRoom } from '../log';
import { EventLogView } from './event-log';
import { Figures } from './figures';
import { Peers } from './peers';
import { RefusedEdits } from './refused-edits';
import { StatusLine } from './status-line';
import { Tools } from './tools';
import { Track } from './track';
import type { PeerLinks } from './use-peer-links';

/** Everything about the link. */
export function NetworkPanel({ links }: { links: PeerLinks }): ReactElement {
  const room = useRoom();
  useEffect(() => logRoom(room), [room]);
  return (
    <aside className="panel" aria-labelledby="panel-title">
      <h2 id="panel-title">The link</h2>
      <StatusLine />
      <RefusedEdits />
      <Track />
      <Figures />
      <Tools links={links} />
      {links.state !== 'idle' && <Peers state={links.state} />}
      <EventLogView />
    </aside>
  );
}
