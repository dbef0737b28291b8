import type { ReactElement } from 'react';
import { useRoom, useStatus } from 'rejoin/react';
import type { DemoRoom } from '../schema';
import { misbehave } from './server-controls';
import type { PeerLinks } from './use-peer-links';

/** Ways to be cut off, and ways back. */
export function Tools({ links }: { links: PeerLinks }): ReactElement {
  const room = useRoom();
  return (
    <fieldset className="tools">
      <legend className="visually-hidden">Cut it off</legend>
      <LinkButton room={room} />
      <button type="button" className="main-tool" onClick={links.toggle}>
        {links.state === 'joined' ? 'Cut the peers' : 'Link with the peers'}
      </button>
      <button type="button" onClick={() => misbehave('drop', room.id)}>
        Drop my socket
      </button>
      <button type="button" onClick={() => misbehave('stall', room.id)}>
        Silence for 8 s
      </button>
      <button type="button" onClick={() => misbehave('restart', room.id)}>
        Restart the server’s side
      </button>
      <button type="button" onClick={() => location.reload()}>
        Reload this page
      </button>
      <p className="hint">
        Or go offline for real: unplug, switch to flight mode, or use the network tab of the developer tools. Keep
        writing; reload if you like.
      </p>
    </fieldset>
  );
}

function LinkButton({ room }: { room: DemoRoom }): ReactElement {
  const cut = useStatus() === 'disconnected';
  return (
    <button type="button" className="main-tool" onClick={() => (cut ? room.connect() : room.disconnect())}>
      {cut ? 'Mend the link' : 'Cut the link'}
    </button>
  );
}
