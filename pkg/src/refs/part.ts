import type { DeepEvent } from '../refs.js';
import type { Store } from '../store.js';
import type { Place } from './place.js';

/** What all live parts have in common. */
export abstract class Part {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Not a property: whoever prints or serialises a live part is not led through the whole room. */
  protected get place(): Place {
    return this.#place;
  }

  get snapshot(): Store<unknown> {
    return this.place.store;
  }

  observe(listener: (event: never) => void): () => void {
    return this.place.observe('own', listener);
  }

  observeDeep(listener: (event: DeepEvent) => void): () => void {
    return this.place.observe('deep', listener);
  }
}
