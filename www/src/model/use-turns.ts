import { useCallback, useState } from 'react';
import { useRoom } from 'rejoin/react';
import { loadTurns, storeTurns, type Turn } from './turn';

/** The turns of this window, and what can be done with them. */
export interface Turns {
  readonly turns: readonly Turn[];
  /** The turn whose answer this page has seen come. */
  readonly live: string | null;
  /** The turn that was begun by this page, not by one before a reload. */
  readonly fresh: string | null;
  readonly begin: (turn: Turn) => void;
  readonly settle: (id: string, answer: string) => void;
}

/** The conversation of this window in this room. */
export function useTurns(): Turns {
  const { id: room } = useRoom();
  const [turns, setTurns] = useState(() => loadTurns(room));
  const [fresh, setFresh] = useState<string | null>(null);
  const [unfinished] = useState(() => turns.findLast(({ answer }) => answer === null)?.id ?? null);
  const begin = useCallback(
    (turn: Turn): void => {
      setFresh(turn.id);
      setTurns((before) => storeTurns(room, [...before, turn]));
    },
    [room],
  );
  const settle = useCallback(
    (id: string, answer: string): void => {
      setTurns((before) => {
        const change = (turn: Turn): Turn => (turn.id === id ? { ...turn, answer } : turn);
        return storeTurns(room, before.map(change));
      });
    },
    [room],
  );
  return { turns, live: fresh ?? unfinished, fresh, begin, settle };
}
