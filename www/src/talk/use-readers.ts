import { useMemo } from 'react';
import type { Message } from 'rejoin';
import { useOthers, useRoom, useStore } from 'rejoin/react';
import { useSelf } from '../people/use-self';
import type { User } from '../user';
import type { Said } from './message';

/** Who has read up to which message, by its id: each person once, where they have come furthest. */
export function useReaders(messages: readonly Message<Said>[]): ReadonlyMap<string, readonly User[]> {
  const reads = useStore(useRoom().messages.reads);
  const others = useOthers();
  const self = useSelf();
  return useMemo(() => {
    const furthest = new Map<string, { readonly user: User; readonly seq: number }>();
    for (const { connectionId, presence } of others) {
      const seq = reads.get(connectionId);
      const { user } = presence;
      if (seq === undefined || user.id === self.id || seq <= (furthest.get(user.id)?.seq ?? 0)) continue;
      furthest.set(user.id, { user, seq });
    }
    const readers = new Map<string, User[]>();
    for (const { user, seq } of furthest.values()) {
      const message = messages.findLast((one) => one.seq !== null && one.seq <= seq);
      if (message) readers.set(message.id, [...(readers.get(message.id) ?? []), user]);
    }
    return readers;
  }, [messages, reads, others, self.id]);
}
