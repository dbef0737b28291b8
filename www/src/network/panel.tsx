import { type ReactElement, useEffect } from 'react';
import { useRoom } from 'rejoin/react';
import { logRoom } from '../log';
import { EventLogView } from './event-log';
import { Figures } from './figures';
import { StatusLine } from './status-line';
import { Tools } from './tools';
import { Track } from './track';

/** Everything about the link. */
export function NetworkPanel(): ReactElement {
  const room = useRoom();
  useEffect(() => logRoom(room), [room]);
  return (
    <aside className="panel" aria-labelledby="panel-title">
      <h2 id="panel-title">The link</h2>
      <StatusLine />
      <Track />
      <Figures />
      <Tools />
      <EventLogView />
    </aside>
  );
}
