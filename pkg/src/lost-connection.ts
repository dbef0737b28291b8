import type { ConnectionState } from './room.js';
import type { Store } from './store.js';

/** `lost`: away for a while; `restored`: back; `failed`: given up until `connect()`. */
export type LostConnection = 'lost' | 'restored' | 'failed';

/** Tells a loss only when it lasts, so that a blink of the network shows nothing. Returns the function that stops it. */
export function watchLostConnection(
  connection: Store<ConnectionState>,
  timeout: number,
  tell: (event: LostConnection) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let connected = false;
  let lost = false;
  const calm = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const settle = (event: LostConnection): void => {
    calm();
    if (lost) tell(event);
    lost = false;
  };
  const lose = (): void => {
    lost = true;
    tell('lost');
  };
  const check = (): void => {
    const { status, error, reason, nextRetryAt } = connection.getSnapshot();
    const kind = reason?.kind;
    if (status === 'connecting') return;
    if (status === 'connected') {
      connected = true;
      settle('restored');
    } else if (status === 'reconnecting' || (connected && (kind === 'offline' || nextRetryAt !== null))) {
      if (!lost) timer ??= setTimeout(lose, timeout);
    } else if (kind === 'requested' || status === 'idle') calm();
    else if (error && kind !== 'suspended') settle('failed');
  };
  const stop = connection.subscribe(check);
  return () => {
    stop();
    calm();
  };
}
