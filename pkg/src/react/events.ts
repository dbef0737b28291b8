import { useEffect, useMemo, useState } from 'react';
import { reconnectingEventSource } from 'rejoin';
import { IDLE } from '../idle.js';
import type { ConnectionState } from '../room.js';
import type { Store } from '../store.js';
import type {
  EventKinds,
  EventName,
  EventSourceOptions,
  EventValue,
  KeyOf,
  ReconnectingEvents,
  StreamUrl,
} from '../stream.js';
import { follow, following, useLatestRef } from './latest.js';
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
 * none. Functions may be written inline. Rendering has no effect; on a server nothing is loaded or connected.
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
  const key = typeof url === 'function' ? 'function' : url && String(url);
  useEffect(() => {
    const { url: place, options: given } = latest.current;
    if (key === null || place === null) return undefined;
    const followed = following(given, () => latest.current.options, ['auth', 'headers', 'onError']);
    const opened = reconnectingEventSource(
      follow(place, () => latest.current.url),
      followed,
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
/** The latest value of each key; renders once a frame at most, however many come. `key` may be written inline. */
export function useLatest<K extends EventKinds, N extends EventName<K>>(
  events: ReconnectingEvents<K> | null,
  name: N,
  key: KeyOf<EventValue<K, N>>,
): ReadonlyMap<string | number, EventValue<K, N>>;
export function useLatest<K extends EventKinds, N extends EventName<K>>(
  events: ReconnectingEvents<K> | null,
  name: N,
  key?: KeyOf<EventValue<K, N>>,
): unknown {
  const latest = useLatestRef(key);
  const keyed = key !== undefined;
  const store = useMemo((): Store<unknown> => {
    if (!events) return keyed ? NO_VALUES : NO_VALUE;
    return keyed ? events.latest(name, (value) => latest.current?.(value) ?? '') : events.latest(name);
  }, [events, name, keyed, latest]);
  return useStore(store);
}

function fixed<T>(value: T): Store<T> {
  return { getSnapshot: () => value, getServerSnapshot: () => value, subscribe: () => () => {} };
}
