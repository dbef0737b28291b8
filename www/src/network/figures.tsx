import type { ReactElement } from 'react';
import { useRoomState } from './use-room-state';

/** The numbers behind the words. */
export function Figures(): ReactElement {
  const { connection, sync } = useRoomState();
  return (
    <dl className="figures">
      <Figure name="Pending" value={String(sync.pending)} testId="pending" />
      <Figure name="Held" value={String(sync.held)} testId="held" />
      <Figure name="Attempt" value={String(connection.attempt)} testId="attempt" />
      <Figure name="Round trip" value={connection.rtt === null ? '–' : `${connection.rtt} ms`} testId="rtt" />
    </dl>
  );
}

function Figure({ name, value, testId }: { name: string; value: string; testId: string }): ReactElement {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}
