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
  let lost = false;
  const settle = (event: LostConnection | null): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lost && event) tell(event);
    lost = false;
  };
  const check = (): void => {
    const { status, error } = connection.getSnapshot();
    if (status === 'reconnecting') {
      timer ??= setTimeout(() => {
        lost = true;
        tell('lost');
      }, timeout);
    } else if (status === 'connected') settle('restored');
    else if (status === 'disconnected') settle(error ? 'failed' : null);
    else if (status === 'idle') settle(null);
  };
  const stop = connection.subscribe(check);
  return () => {
    stop();
    clearTimeout(timer);
  };
}
