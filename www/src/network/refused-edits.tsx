import { type ReactElement, useState } from 'react';
import { SyncError, type SyncState } from 'rejoin';
import { useRoom } from 'rejoin/react';
import type { DemoRoom } from '../schema';
import { useRoomState } from './use-room-state';
import { counted } from './words';

/** What the server does not take of this window's edits, why, and what can become of them. */
export function RefusedEdits(): ReactElement | null {
  const room: DemoRoom = useRoom();
  const { status, obstacle, pending } = useRoomState().sync;
  const [failure, setFailure] = useState('');
  if (status !== 'rejected') return null;
  const discard = (): void => {
    room.recovery.discard().then(
      () => setFailure(''),
      (error: unknown) => setFailure(error instanceof SyncError ? error.message : 'That did not work.'),
    );
  };
  return (
    <section className="refused" aria-label="Edits the server does not take" data-testid="refused">
      <p role="status">
        {obstacleInWords(obstacle)} {counted(pending, 'edited letter')} stay on this device.
      </p>
      <p className="refused-tools">
        <button type="button" onClick={() => saveToFile(room.recovery.unsynced().update, `${room.id}.yjs`)}>
          Save them to a file
        </button>
        <button type="button" onClick={() => room.recovery.merge()}>
          Offer them again
        </button>
        <button type="button" onClick={discard}>
          Discard them
        </button>
      </p>
      {failure && <p role="alert">{failure}</p>}
    </section>
  );
}

function obstacleInWords(obstacle: SyncState['obstacle']): string {
  switch (obstacle) {
    case 'read-only':
      return 'You may only read here.';
    case 'epoch':
      return 'The server began anew and lacks what is here.';
    case 'too-large':
      return 'An edit is larger than the server takes.';
    case 'refused':
    case null:
      return 'The server refused an edit.';
  }
}

function saveToFile(update: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([update.slice()]));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url));
}
