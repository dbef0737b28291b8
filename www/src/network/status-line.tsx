import type { ReactElement } from 'react';
import type { ConnectionState, SyncState } from 'rejoin';
import { useRoom } from 'rejoin/react';
import { useNow } from './use-now';
import { useRoomState } from './use-room-state';
import { reasonInWords, statusInWords } from './words';

/** Status, why, and when the next attempt is due. */
export function StatusLine(): ReactElement {
  const { connection, sync } = useRoomState();
  return (
    <div className="status" data-status={connection.status}>
      <p role="status" className="status-words" data-testid="status">
        <strong>{statusInWords(connection.status)}</strong>
        <span className="status-why">{explain(connection, sync)}</span>
      </p>
      <Countdown connection={connection} />
    </div>
  );
}

/** Words that stay while somebody types: they are read out whenever they change. */
function explain(connection: ConnectionState, sync: SyncState): string {
  if (connection.status === 'connected') return 'Edits travel as you type.';
  const kept = whereEditsAre(sync);
  const why = reasonInWords(connection);
  return why ? `${why}. ${kept}` : kept;
}

function whereEditsAre({ local, peers }: SyncState): string {
  if (peers.of > 0) return 'Edits travel to the linked peers.';
  return local === 'unavailable' ? 'Edits stay in this window only.' : 'Edits wait on this device.';
}

/** Not a live region: nobody wants each second read out. */
function Countdown({ connection }: { connection: ConnectionState }): ReactElement | null {
  const { nextRetryAt, attempt, error } = connection;
  const room = useRoom();
  const now = useNow(nextRetryAt !== null);
  if (nextRetryAt === null) return error ? <p className="status-next">{error.code}</p> : null;
  const left = Math.max(0, nextRetryAt - now) / 1000;
  return (
    <p className="status-next">
      <span data-testid="countdown">
        {left > 0 ? `Attempt ${attempt} in ${left.toFixed(1)} s` : `Attempt ${attempt} now`}
      </span>
      <button type="button" className="link" onClick={() => room.connect()}>
        Try now
      </button>
    </p>
  );
}
