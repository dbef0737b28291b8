import type { ReactElement } from 'react';
import type { SyncState } from 'rejoin';
import { useRoomState } from './use-room-state';
import { counted } from './words';

const DEVICE: Record<SyncState['local'], string> = {
  saved: 'saved',
  saving: 'saving',
  unavailable: 'memory only',
};

/** The way of an edit: this window, this device, the server. The last leg opens when the link is cut. */
export function Track(): ReactElement {
  const { connection, sync } = useRoomState();
  const linked = connection.status === 'connected';
  const synced = sync.status === 'synchronized';
  return (
    <ol className="track" data-linked={linked} data-synced={synced} data-local={sync.local}>
      <Stop name="This window" state="typed" reached />
      <Stop name="This device" state={DEVICE[sync.local]} reached={sync.local === 'saved'} testId="saved" />
      <Stop name="The server" state={serverWords(synced, sync.pending)} reached={synced} testId="synced" />
    </ol>
  );
}

interface StopProps {
  readonly name: string;
  readonly state: string;
  readonly reached: boolean;
  readonly testId?: string;
}

function Stop({ name, state, reached, testId }: StopProps): ReactElement {
  return (
    <li className="stop" data-reached={reached}>
      <span className="stop-name">{name}</span>
      <span className="stop-state" data-testid={testId}>
        {state}
      </span>
    </li>
  );
}

function serverWords(synced: boolean, pending: number): string {
  if (synced) return 'synced';
  return pending > 0 ? `${counted(pending, 'edit')} to go` : 'not known yet';
}
