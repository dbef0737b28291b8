/** Listeners by the name of their event, as the `Observable` of lib0 has them: a function is heard once however often it is added. */
export class Emitter {
  /** Named as there, so that what declares to take an `Awareness` of `y-protocols` takes ours. */
  readonly _observers: Map<string, Set<(...given: never[]) => void>> = new Map();

  /** Adds one. */
  on(event: string, listener: (...given: never[]) => void): void {
    const known = this._observers.get(event) ?? new Set();
    this._observers.set(event, known.add(listener));
  }

  /** Adds one for the next time. */
  once(event: string, listener: (...given: never[]) => void): void {
    const heard = (...given: never[]): void => {
      this.off(event, heard);
      listener(...given);
    };
    this.on(event, heard);
  }

  /** Takes one away. */
  off(event: string, listener: (...given: never[]) => void): void {
    this._observers.get(event)?.delete(listener);
  }

  /** Calls all that listen now. What one throws stops no other, and is reported as uncaught. */
  emit(event: string, given: readonly unknown[]): void {
    for (const listener of [...(this._observers.get(event) ?? [])]) {
      try {
        listener(...(given as never[]));
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  /** Forgets everybody. */
  clear(): void {
    this._observers.clear();
  }
}

/** Tells what a function of the app threw where no caller of it is. */
export function reportUncaught(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
}
