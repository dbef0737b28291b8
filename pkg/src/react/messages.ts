import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { BroadcastOptions, Message, Messages, MessagesState, RoomEvent } from '../messages.js';
import type { Registered, Schema } from '../schema.js';
import { useRoom } from './context.js';
import { useStore } from './store.js';

/** What {@link useMessages} gives. */
export interface MessagesView<M> extends MessagesState {
  /** The messages known here, in order, then own failed ones, then pending ones. */
  readonly messages: readonly Message<M>[];
  /** As `room.messages.send`. */
  readonly send: Messages<M>['send'];
  /** As `room.messages.retry`. */
  readonly retry: Messages<M>['retry'];
  /** As `room.messages.discard`. */
  readonly discard: Messages<M>['discard'];
  /** As `room.messages.loadBefore`. */
  readonly loadBefore: Messages<M>['loadBefore'];
  /** As `room.messages.markRead`. */
  readonly markRead: Messages<M>['markRead'];
}

/**
 * The room's messages, what is known of them, and the functions that send and load.
 * @example
 * const { messages, send } = useMessages();
 * void send({ words: `the ${messages.length + 1}.` });
 */
export function useMessages<S extends Schema = Registered>(): MessagesView<S['~m']> {
  const source = useRoom<S>().messages;
  const messages = useStore(source.list);
  const state = useStore(source.state);
  return useMemo(
    () => ({
      ...state,
      messages,
      send: (data, options) => source.send(data, options),
      retry: (id) => source.retry(id),
      discard: (id) => source.discard(id),
      loadBefore: (limit) => source.loadBefore(limit),
      markRead: (seq) => source.markRead(seq),
    }),
    [source, messages, state],
  );
}

/**
 * The function that tells an event to everybody else, see `room.broadcast`.
 * @example
 * const broadcast = useBroadcastEvent();
 * void broadcast({ bang: 1 });
 */
export function useBroadcastEvent<S extends Schema = Registered>(): (
  event: S['~e'],
  options?: BroadcastOptions,
) => Promise<void> {
  const room = useRoom<S>();
  return useCallback((event: S['~e'], options?: BroadcastOptions) => room.broadcast(event, options), [room]);
}

/**
 * Calls `listener` with the events of others; it may be written inline.
 * @example
 * useEventListener(({ event, from }) => console.log(from, event));
 */
export function useEventListener<S extends Schema = Registered>(listener: (event: RoomEvent<S['~e']>) => void): void {
  const room = useRoom<S>();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  }, [listener]);
  useEffect(() => room.onEvent((event) => latest.current(event)), [room]);
}

/**
 * Connection ids of those who type, and the function that says whether this client does.
 * @example
 * const [typing, setTyping] = useTyping();
 * const field = <input onChange={() => setTyping(true)} title={`${typing.length} write`} />;
 */
export function useTyping(): readonly [typing: readonly number[], setTyping: (typing: boolean) => void] {
  const { messages } = useRoom<Schema>();
  const setTyping = useCallback((typing: boolean) => messages.setTyping(typing), [messages]);
  return [useStore(messages.typing), setTyping];
}
