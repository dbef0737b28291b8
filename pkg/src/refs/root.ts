import type { DeepEvent } from '../refs.js';
import { type Fields, fieldOf, isScalar } from '../schema.js';
import { type EarlyHost, type EarlyPart, earlyPart } from './early.js';
import type { RootLiveRef } from './live.js';

/** What the top of a document needs of its room. */
export interface RootHost extends Pick<EarlyHost, 'doc' | 'whenReady'> {
  /** The live parts, once their code is there. */
  readonly parts: RootLiveRef | null;
  /** The same; throws what the room throws while it takes no calls. */
  loaded(): { readonly root: RootLiveRef };
}

/** The top of a document as the app holds it, also before the code of live parts is there. What it is given then stays the same. */
export class Root {
  readonly #host: RootHost;
  readonly #fields: Fields;
  readonly #early = new Map<string, object>();

  constructor(host: RootHost, fields: Fields) {
    this.#host = host;
    this.#fields = fields;
  }

  get(key: string): unknown {
    const node = fieldOf(this.#fields, key)['~node'];
    const early = this.#early.get(key);
    if (early) return early;
    const host = this.#host;
    if (host.parts || isScalar(node)) return host.loaded().root.get(key);
    const real = (): EarlyPart => host.loaded().root.get(key) as EarlyPart;
    const part = earlyPart(node.kind, { doc: host.doc, real, whenReady: () => host.whenReady() });
    this.#early.set(key, part);
    return part;
  }

  set(key: string, value: unknown): void {
    fieldOf(this.#fields, key);
    this.#host.loaded().root.set(key, value);
  }

  update(values: object): void {
    this.#host.loaded().root.update(values);
  }

  observeDeep(listener: (event: DeepEvent) => void): () => void {
    return this.#host.loaded().root.observeDeep(listener);
  }

  /** The live part, or what the app was given early in its place. */
  known<T extends object>(name: string, live: T | null): T | null {
    return (live && !name.includes('.') && (this.#early.get(name) as T | undefined)) || live;
  }
}
