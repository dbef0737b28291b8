import { useConnection } from 'rejoin/react';

/** Whether somebody cut the link of this window on purpose: then its streams are cut too. */
export function useLinkCut(): boolean {
  const { status, reason } = useConnection();
  return status === 'disconnected' && reason?.kind === 'requested';
}
