import { useEffect, useMemo, useState } from 'react';
import { reconnectingEventSource } from 'rejoin';
import { cameOverHttp1 } from '../http1.js';
import { IDLE } from '../idle.js';
import type { ConnectionState } from '../room.js';
import type { Store } from '../store.js';
import type {
  EventKinds,
  EventName,
  EventSourceOptions,
  EventValue,
  KeyOf,
  LatestOptions,
  ReconnectingEvents,
  StreamUrl,
} from '../stream.js';
import { follow, reading, useLatestRef } from './latest.js';
import { useStore } from './store.js';

/** What {@link useEventSource} gives. */
export interface EventSourceHandle<K extends EventKinds> {
  /** The events; null before mounting and while there is no URL. */
  readonly events: ReconnectingEvents<K> | null;
  /** Where the connection stands, why, and when it is tried again. */
  readonly connection: ConnectionState;
}

const NO_CONNECTION = fixed(IDLE);
const NO_VALUE = fixed(undefined);
const NO_VALUES = fixed<unknown>(new Map());

/**
 * Events while the component is mounted: one connection, also in StrictMode. Another URL is another connection, null is
 * none, and so is another `shared`, an `auth` that comes or goes, and other `headers` where tabs share it or may, as in a page over HTTP/1.1
 * without `shared: false`. Else headers and functions count as they are at the next attempt, so they may be written inline. Rendering has no
 * effect; on a server nothing is loaded or connected.
 * @example
 * const { events, connection } = useEventSource('/prices', { events: { price: 'json' } });
 * console.log(events !== null, connection.status);
 */
export function useEventSource<const K extends EventKinds = Record<never, never>>(
  url: StreamUrl | null,
  options: EventSourceOptions<K> = {},
): EventSourceHandle<K> {
  const latest = useLatestRef({ url, options });
  const [events, setEvents] = useState<ReconnectingEvents<K> | null>(null);
  const key = keyOf(url, options);
  useEffect(() => {
    const { url: place, options: given } = latest.current;
    if (key === null || place === null) return undefined;
    const now = () => latest.current.options;
    const opened = reconnectingEventSource(
      follow(place, () => latest.current.url ?? place),
      reading(given, now, ['auth', 'headers', 'onError', 'onResponse']),
    );
    setEvents(opened);
    return () => {
      opened.close();
      setEvents(null);
    };
  }, [key, latest]);
  const connection = useStore(events?.state ?? NO_CONNECTION);
  return useMemo(() => ({ events, connection }), [events, connection]);
}

/**
 * The latest value of a named event, undefined before the first; renders once a frame at most, however many come.
 * @example
 * const { events } = useEventSource('/prices', { events: { price: 'text' } });
 * const price = useLatest(events, 'price');
 */
export function useLatest<K extends EventKinds, N extends EventName<K>>(
  events: ReconnectingEvents<K> | null,
  name: N,
): EventValue<K, N> | undefined;
/** The latest value of each key; renders once a frame at most, however many come. `key` and `gone` may be written inline. */
export function useLatest<K extends EventKinds, N extends EventName<K>>(
  events: ReconnectingEvents<K> | null,
  name: N,
  key: KeyOf<EventValue<K, N>>,
  options?: LatestOptions<EventValue<K, N>>,
): ReadonlyMap<string | number, EventValue<K, N>>;
export function useLatest<K extends EventKinds, N extends EventName<K>>(
  events: ReconnectingEvents<K> | null,
  name: N,
  key?: KeyOf<EventValue<K, N>>,
  options: LatestOptions<EventValue<K, N>> = {},
): unknown {
  const latest = useLatestRef({ key, options });
  const keyed = key !== undefined;
  const { most } = options;
  const store = useMemo((): Store<unknown> => {
    if (!events) return keyed ? NO_VALUES : NO_VALUE;
    if (!keyed) return events.latest(name);
    const gone = (value: EventValue<K, N>) => latest.current.options.gone?.(value) ?? false;
    return events.latest(name, (value) => latest.current.key?.(value) ?? '', { gone, most });
  }, [events, name, keyed, most, latest]);
  return useStore(store);
}

/**
 * A function is the same stream in each render: it is asked before each attempt anyway. Who shares, asked or by itself, shares with whoever
 * asks for the same, so other headers are another stream. Who signs in or out is somebody else.
 */
function keyOf<K extends EventKinds>(
  url: StreamUrl | null,
  { shared, headers, auth }: EventSourceOptions<K>,
): string | null {
  if (url === null) return null;
  const isFixed = headers && typeof headers !== 'function';
  const sent = isFixed && (shared ?? cameOverHttp1()) ? [...new Headers(headers)] : null;
  return JSON.stringify([typeof url === 'function' ? null : String(url), shared, sent, !auth]);
}

function fixed<T>(value: T): Store<T> {
  return { getSnapshot: () => value, getServerSnapshot: () => value, subscribe: () => () => {} };
}
