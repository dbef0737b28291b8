import { runSafely } from '../store.js';

/** Registration and dispatch of a native `EventTarget`, with another object as the target of its events. */
export class SocketEvents {
  readonly #target = new EventTarget();
  readonly #owner: EventTarget;
  /** What `onopen` and the like hold. */
  readonly handlers: Partial<Record<string, ((event: never) => void) | null>> = {};

  constructor(owner: object) {
    this.#owner = owner as EventTarget;
  }

  add(type: string, listener: unknown, options?: boolean | AddEventListenerOptions): void {
    this.#target.addEventListener(type, listener as EventListener | null, options);
  }

  remove(type: string, listener: unknown, options?: boolean | EventListenerOptions): void {
    this.#target.removeEventListener(type, listener as EventListener | null, options);
  }

  /** Calls the handler, then the listeners; what they throw is reported, and stops nobody. */
  dispatch(event: Event): boolean {
    for (const name of ['target', 'currentTarget', 'srcElement']) {
      Object.defineProperty(event, name, { value: this.#owner, configurable: true });
    }
    const handler = this.handlers[event.type] as ((event: Event) => void) | null | undefined;
    if (handler) runSafely(() => handler.call(this.#owner, event));
    return this.#target.dispatchEvent(event);
  }
}

/** A `CloseEvent`, also where there is no such class (Node before 23). */
export function closeEvent(code: number, reason: string, wasClean: boolean): CloseEvent {
  const init = { code, reason, wasClean };
  if (typeof CloseEvent === 'function') return new CloseEvent('close', init);
  return Object.assign(new Event('close'), init) as CloseEvent;
}

/** An `ErrorEvent`, also where there is no such class (Node). */
export function errorEvent(error: Error): ErrorEvent {
  const init = { error, message: error.message };
  if (typeof ErrorEvent === 'function') return new ErrorEvent('error', init);
  return Object.assign(new Event('error'), init) as ErrorEvent;
}

/** A `MessageEvent`. */
export function messageEvent<T>(data: T, origin: string): MessageEvent<T> {
  return new MessageEvent<T>('message', { data, origin });
}
