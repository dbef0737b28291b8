import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Message, SyncError } from 'rejoin';
import { useMessages, useRoom } from 'rejoin/react';
import { useSelf } from '../people/use-self';
import { randomId } from '../person';
import type { Said } from './message';

/** A message that will not be delivered, and why. */
export interface Failed {
  readonly id: string;
  readonly text: string;
  readonly why: string;
}

/** The chat room as this window sees it. */
export interface Talk {
  readonly messages: readonly Message<Said>[];
  readonly failed: readonly Failed[];
  /** Whether there are earlier messages on the server. */
  readonly hasMore: boolean;
  /** False: this server keeps no messages. */
  readonly supported: boolean | null;
  readonly say: (text: string) => void;
  readonly discard: (failed: Failed) => void;
  readonly loadBefore: () => Promise<unknown>;
}

/** Messages of the room, and those of this window that failed. While `shown`, what has come counts as read. */
export function useTalk(shown: boolean): Talk {
  const { messages: all, hasMore, supported, send, discard: discardListed, loadBefore, markRead } = useMessages();
  const { list } = useRoom().messages;
  const user = useSelf();
  const messages = useMemo(() => all.filter(({ status }) => status !== 'failed'), [all]);
  const [unlisted, setUnlisted] = useState<readonly Failed[]>([]);
  // Those that the server refused, some of them of an earlier page, and what was refused before it got into the list.
  const failed = useMemo(() => [...all.flatMap(failedOf), ...unlisted], [all, unlisted]);
  const last = messages.findLast(({ seq }) => seq !== null)?.seq ?? null;
  useEffect(() => {
    if (!shown || last === null) return undefined;
    const mark = (): void => {
      if (document.visibilityState === 'visible') markRead(last);
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [shown, last, markRead]);
  const say = useCallback(
    (text: string): void => {
      send({ author: user, text }).catch((error: unknown) => {
        if (list.getSnapshot().some((one) => one.error === error)) return;
        const why = error instanceof SyncError ? error.message : String(error);
        setUnlisted((before) => [...before, { id: randomId(), text, why }]);
      });
    },
    [send, list, user],
  );
  const discard = useCallback(
    ({ id }: Failed): void => {
      discardListed(id);
      setUnlisted((before) => before.filter((other) => other.id !== id));
    },
    [discardListed],
  );
  return { messages, failed, hasMore, supported, say, discard, loadBefore };
}

function failedOf({ id, data, error }: Message<Said>): readonly Failed[] {
  return error ? [{ id, text: data.text, why: error.message }] : [];
}
