import { useEffect } from 'react';
import type { ConnectionState, ReconnectingEvents } from 'rejoin';
import { useEventSource, useLatest, useRoom } from 'rejoin/react';
import { serverOrigin } from '../client';
import { useLinkCut } from '../network/use-link-cut';
import { reading } from './reading';

/** What the stream of readings carries. */
export type ReadingEvents = ReconnectingEvents<{ readonly reading: typeof reading }>;

/** The latest value of each key. */
export type Values = ReadonlyMap<string | number, { readonly value: number }>;

/** Silence after which the stream is opened anew, in milliseconds: readings never pause. */
const IDLE = 4_000;

interface Readings {
  readonly events: ReadingEvents | null;
  readonly connection: ConnectionState;
  readonly values: Values;
}

/** The readings at a rate; held up while `paused`, or while the link is cut. */
export function useReadings(rate: number, paused: boolean): Readings {
  const { id: room } = useRoom();
  const cut = useLinkCut();
  const query = new URLSearchParams({ room, rate: String(rate) });
  const { events, connection } = useEventSource(`${serverOrigin}/demo/readings?${query}`, {
    events: { reading },
    // The same for everybody, so all tabs may have it from one connection.
    credentials: 'omit',
    idleTimeout: IDLE,
    startClosed: true,
  });
  const values = useLatest(events, 'reading', ({ key }) => key);
  const open = !paused && !cut;
  useEffect(() => {
    if (open) events?.connect();
    else events?.close();
  }, [events, open]);
  return { events, connection, values };
}
