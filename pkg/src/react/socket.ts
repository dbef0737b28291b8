import { useCallback, useEffect, useState } from 'react';
import { reconnectingWebSocket, SyncError } from 'rejoin';
import { IDLE } from '../idle.js';
import type { ConnectionState } from '../room.js';
import type {
  ReconnectingSocket,
  SocketData,
  SocketEventMap,
  SocketInput,
  SocketOptions,
  SocketUrl,
} from '../socket.js';
import { follow, following, useLatestRef } from './latest.js';
import { useStore } from './store.js';

/** A socket that nobody took up again for this long is closed, in milliseconds. StrictMode comes back at once. */
const GRACE = 100;

/**
 * Options of {@link useSocket}: those of the socket, and what hears it while the component is mounted and has its URL. Functions may be
 * written inline.
 */
export interface UseSocketOptions<T = SocketData> extends Omit<SocketOptions<T>, 'startClosed'> {
  /** Hears each message. */
  readonly onMessage?: ((data: T, event: MessageEvent<T>) => void) | undefined;
  /** Hears each link. */
  readonly onOpen?: ((event: SocketEventMap<T>['open']) => void) | undefined;
  /** Hears each end of a link or of an attempt. */
  readonly onClosed?: ((event: SocketEventMap<T>['close']) => void) | undefined;
  /** Hears errors. */
  readonly onError?: ((event: SocketEventMap<T>['error']) => void) | undefined;
}

/** What {@link useSocket} gives. */
export interface SocketHandle<T = SocketData, Sent = SocketInput> {
  /** The socket; null while there is no URL. */
  readonly socket: ReconnectingSocket<T, Sent> | null;
  /** Where the connection stands, why, and when it is tried again. */
  readonly connection: ConnectionState;
  /** As `connection.status`. */
  readonly status: ConnectionState['status'];
  /** As `send` of the socket that was rendered last; the same function in each render. Rejects with `E_NOT_CONNECTED` without a socket. */
  readonly send: (data: Sent) => Promise<void>;
}

/**
 * A socket while the component is mounted: one, also in StrictMode. Another URL, other subprotocols, another `shared`, and an `auth` that comes
 * or goes are another socket; null is none. Rendering has no effect; on a server nothing is loaded or connected.
 * @example
 * const { status, send } = useSocket<string>('wss://example.org', { onMessage: (text) => console.log(text) });
 * if (status === 'connected') void send('hello');
 */
export function useSocket<T = SocketData, Sent = SocketInput>(
  url: SocketUrl | null,
  options: UseSocketOptions<T> = {},
): SocketHandle<T, Sent> {
  const latest = useLatestRef({ url, options });
  const key = keyOf(url, options);
  const [held, setHeld] = useState(() => prepare<T, Sent>(key, url, options, latest));
  const current = held.key === key ? held : prepare<T, Sent>(key, url, options, latest);
  if (current !== held) setHeld(current);
  useEffect(() => current.take(), [current]);
  const connection = useStore(current.socket?.state ?? NO_SOCKET);
  const { socket } = current;
  const shown = useLatestRef(socket);
  const send = useCallback((data: Sent) => shown.current?.send(data) ?? refuse(), [shown]);
  return { socket, connection, status: connection.status, send };
}

interface Held<T, Sent> {
  readonly key: string;
  readonly socket: ReconnectingSocket<T, Sent> | null;
  /** Connects; the returned function lets go, unless it is taken again at once. */
  readonly take: () => () => void;
}

interface Latest<T> {
  readonly current: { readonly url: SocketUrl | null; readonly options: UseSocketOptions<T> };
}

/** Makes a socket that does nothing yet. */
function prepare<T, Sent>(
  key: string,
  url: SocketUrl | null,
  options: UseSocketOptions<T>,
  latest: Latest<T>,
): Held<T, Sent> {
  if (url === null) return { key, socket: null, take: () => () => {} };
  const { onMessage: _, onOpen: __, onClosed: ___, onError: ____, ...rest } = options;
  const followed = following<SocketOptions<T>>(rest, () => latest.current.options, ['auth', 'onClose', 'protocols']);
  const socket = reconnectingWebSocket<T, Sent>(
    follow(url, () => latest.current.url ?? url),
    { ...followed, startClosed: true },
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  let taken = false;
  let mounted = false;
  /** None once another socket has taken its place: they are that one's. */
  const handlers = (): UseSocketOptions<T> => (mounted ? latest.current.options : {});
  socket.onmessage = (event) => handlers().onMessage?.(event.data, event);
  socket.onopen = (event) => handlers().onOpen?.(event as SocketEventMap<T>['open']);
  socket.onclose = (event) => handlers().onClosed?.(event);
  socket.onerror = (event) => handlers().onError?.(event);
  const take = (): (() => void) => {
    clearTimeout(timer);
    mounted = true;
    if (!taken) socket.reconnect();
    taken = true;
    return () => {
      mounted = false;
      timer = setTimeout(() => {
        taken = false;
        socket.close();
      }, GRACE);
    };
  };
  return { key, socket, take };
}

/** A function is the same socket in each render: it is asked before each attempt anyway. Who signs in or out is somebody else. */
function keyOf<T>(url: SocketUrl | null, { protocols, shared, auth }: UseSocketOptions<T>): string {
  const place = typeof url === 'function' ? 'asked' : url === null ? null : String(url);
  return JSON.stringify([place, typeof protocols === 'function' ? 'asked' : protocols, shared, !auth]);
}

async function refuse(): Promise<void> {
  throw new SyncError('E_NOT_CONNECTED', 'there is no socket without a URL');
}

const NO_SOCKET = { getSnapshot: () => IDLE, getServerSnapshot: () => IDLE, subscribe: () => () => {} };
