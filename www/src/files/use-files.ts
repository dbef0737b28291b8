import { useEffect, useRef, useState } from 'react';
import { type FileTransfer, SyncError } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';

/** Larger ones are taken only when somebody says so, in bytes. */
const TAKEN_UNASKED = 16_000_000;
const ALONE = 'Nobody is linked with this window: files go straight to the others, not through the server.';

/** Files that go to the others and come from them. */
export interface Files {
  /** The newest first. */
  readonly transfers: readonly FileTransfer[];
  /** Why something was not sent, for people. */
  readonly trouble: string | null;
  readonly send: (files: readonly File[]) => void;
}

/** Sends files to everybody who is linked; takes what others send, unless it is large. */
export function useFiles(): Files {
  const room = useRoom();
  const transfers = useStore(room.files);
  const [trouble, setTrouble] = useState<string | null>(null);
  const answered = useRef(new Set<number>());
  useEffect(() => {
    for (const { id, direction, size, accept } of transfers) {
      if (direction === 'outgoing' || size > TAKEN_UNASKED || answered.current.has(id)) continue;
      answered.current.add(id);
      // Its card tells what becomes of it.
      accept().catch(() => {});
    }
  }, [transfers]);
  const send = async (files: readonly File[]): Promise<void> => {
    setTrouble(null);
    try {
      const sent = await Promise.all(files.map((file) => room.sendFile(file)));
      if (sent.some((to) => to.length === 0)) setTrouble(ALONE);
    } catch (error) {
      const alone = error instanceof SyncError && error.code === 'E_NOT_CONNECTED';
      setTrouble(alone || !(error instanceof Error) ? ALONE : error.message);
    }
  };
  return { transfers: transfers.toReversed(), trouble, send };
}
