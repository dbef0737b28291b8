import { useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { stream as freeStream } from 'rejoin';
import { onFrame } from '../frame.js';
import type { Store } from '../store.js';
import { IDLE } from '../stream/idle.js';
import { hasRecord } from '../stream/record.js';
import type { StreamInit, StreamState, StreamUrl, TextStream } from '../stream.js';
import { ClientContext } from './context.js';
import { following, useLatestRef } from './latest.js';

/** Options of {@link useStream}: those of the stream, and when it starts and renders. Functions may be written inline. */
export interface UseStreamOptions extends StreamInit {
  /** Least time between two renderings in milliseconds. Default: one animation frame. */
  readonly throttle?: number | undefined;
  /** Starts when mounted. Default: only where an earlier page left the answer unfinished, with `resume: { id }`. */
  readonly auto?: boolean | undefined;
}

/** What {@link useStream} gives. */
export interface StreamHandle extends StreamState {
  /**
   * Starts a new stream in place of the last one, by a POST of `body` where one is given; its content type is for `headers` to say.
   * Does nothing once the component is unmounted, or while it is hidden.
   */
  readonly start: (body?: BodyInit) => void;
  /** Ends the stream for good. */
  readonly stop: () => void;
  /** Lets go of the answer: what can be resumed goes on with `retry()`, anything else is stopped. */
  readonly disconnect: () => void;
  /** Goes on where it was left if that is possible, else asks again from the start. */
  readonly retry: () => void;
}

const NONE: Store<StreamState> = {
  getSnapshot: () => IDLE,
  getServerSnapshot: () => IDLE,
  subscribe: () => () => {},
};

/**
 * A stream of text. Renders once a frame at most, however fast the text comes. Unmounting lets go of the answer: what can
 * be resumed goes on when it is mounted again. Rendering has no effect; inside a `SyncProvider` the client's token is used. `auth` and `headers`
 * that it was started with count as they are at each attempt; those that come later count from the next `start()`.
 * @example
 * const headers = { 'content-type': 'application/json' };
 * const { status, start, stop } = useStream('/api/chat', { method: 'POST', headers, format: 'openai' });
 * const ask = () => (status === 'streaming' ? stop() : start(JSON.stringify({ prompt: 'hi' })));
 */
export function useStream(url: StreamUrl | null, init: UseStreamOptions = {}): StreamHandle {
  const client = useContext(ClientContext);
  const latest = useLatestRef({ url, init, client });
  const [held, setHeld] = useState<TextStream | null>(null);
  const current = useRef<TextStream | null>(null);
  const gone = useRef(false);
  const asked = useRef<{ readonly body: BodyInit | undefined } | null>(null);

  const start = useCallback(
    (body?: BodyInit): void => {
      if (gone.current) {
        // Nobody would let go of it, unless this is an effect of a child, which comes before ours.
        asked.current = { body };
        queueMicrotask(() => {
          asked.current = null;
        });
        return;
      }
      current.current?.stop();
      current.current = make(latest.current, body, () => latest.current.init);
      setHeld(current.current);
    },
    [latest],
  );
  const key = typeof url === 'function' ? 'function' : url && String(url);
  const auto = init.auto ?? false;
  const resume = typeof init.resume === 'object' ? init.resume : null;
  const [id, replays] = [resume?.id, resume?.url !== undefined];
  useEffect(() => {
    gone.current = false;
    if (asked.current) start(asked.current.body);
    else if (key !== null && (auto || (id && hasRecord(id, replays)))) start();
    return () => {
      gone.current = true;
      current.current?.disconnect();
      current.current = null;
      setHeld(null);
    };
  }, [key, auto, id, replays, start]);

  const store = useMemo(() => throttled(held?.state ?? NONE, init.throttle), [held, init.throttle]);
  const state = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
  const stop = useCallback(() => current.current?.stop(), []);
  const disconnect = useCallback(() => current.current?.disconnect(), []);
  const retry = useCallback(() => current.current?.retry(), []);
  return useMemo(() => ({ ...state, start, stop, disconnect, retry }), [state, start, stop, disconnect, retry]);
}

interface Making {
  readonly url: StreamUrl | null;
  readonly init: UseStreamOptions;
  readonly client: { stream(url: StreamUrl, init?: StreamInit): TextStream } | null;
}

function make({ url, init, client }: Making, body: BodyInit | undefined, now: () => StreamInit): TextStream | null {
  if (url === null) return null;
  const { headers } = init;
  // Who is signed in may change before `retry()`.
  const asked: StreamInit = headers && typeof headers !== 'function' ? { ...init, headers: () => headers } : init;
  const own = following(asked, now, ['auth', 'headers', 'onResponse']);
  const full: StreamInit = body === undefined ? own : { method: 'POST', ...own, body };
  return client ? client.stream(url, full) : freeStream(url, full);
}

/** A store that tells once a frame, or once in `wait` milliseconds; a change of the status is told at once. */
function throttled(store: Store<StreamState>, wait: number | undefined): Store<StreamState> {
  let shown = store.getSnapshot();
  const subscribe = (listener: () => void): (() => void) => {
    let cancel: (() => void) | null = null;
    const show = (): void => {
      cancel?.();
      cancel = null;
      shown = store.getSnapshot();
      listener();
    };
    const stop = store.subscribe(() => {
      if (store.getSnapshot().status !== shown.status) show();
      else cancel ??= later(show, wait);
    });
    if (shown !== store.getSnapshot()) show();
    return () => {
      stop();
      cancel?.();
    };
  };
  return { getSnapshot: () => shown, getServerSnapshot: store.getServerSnapshot, subscribe };
}

function later(fn: () => void, wait: number | undefined): () => void {
  if (wait === undefined) return onFrame(fn);
  const timer = setTimeout(fn, wait);
  return () => clearTimeout(timer);
}
