import type { ReactElement } from 'react';
import type { ConnectionState } from 'rejoin';
import { useNow } from './use-now';
import { useRoomState } from './use-room-state';
import { reasonInWords, statusInWords } from './words';

/** Status, why, and when the next attempt is due. */
export function StatusLine(): ReactElement {
  const { connection } = useRoomState();
  const broken = connection.status === 'reconnecting' || connection.status === 'disconnected';
  const why = broken ? reasonInWords(connection.reason) : '';
  return (
    <div className="status" data-status={connection.status}>
      <p role="status" className="status-words" data-testid="status">
        <strong>{statusInWords(connection)}</strong>
        {why && <span className="status-why">{why}</span>}
      </p>
      <Countdown connection={connection} />
    </div>
  );
}

/** Not a live region: nobody wants each second read out. */
function Countdown({ connection }: { connection: ConnectionState }): ReactElement | null {
  const { nextRetryAt, attempt, error } = connection;
  const now = useNow(nextRetryAt !== null);
  if (nextRetryAt === null) return error ? <p className="status-next">{error.code}</p> : null;
  const left = Math.max(0, nextRetryAt - now) / 1000;
  return (
    <p className="status-next" data-testid="countdown">
      {left > 0 ? `Attempt ${attempt + 1} in ${left.toFixed(1)} s` : `Attempt ${attempt + 1} now`}
    </p>
  );
}
