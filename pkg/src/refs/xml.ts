import { isXmlElement } from '../guard/fit.js';
import { type Json, own } from '../json.js';
import { jsonText, wordOf } from '../plain.js';
import { attribute, nodes, type Prelim } from '../prelim.js';
import type { XmlElementNode } from '../refs.js';
import { Sequence } from './sequence.js';
import { TextRef } from './text.js';

/** An XML fragment by its type id. */
export class XmlLive extends Sequence {
  found(index: number): unknown {
    const raw = this.place.raw(index);
    const isElement = isXmlElement(raw);
    const place = isElement || typeof raw === 'string' ? this.place.child(index, isElement ? ['children'] : []) : null;
    if (!place) return undefined;
    place.live ??= new (isElement ? XmlElementLive : TextRef)(place);
    return place.live;
  }

  protected prelims(values: unknown[]): Prelim[] {
    return nodes(values, String(this.place));
  }
}

/** An XML element by its type id. Its attributes are a map of their own. */
class XmlElementLive extends XmlLive {
  get tag(): string {
    return this.#node.tag;
  }

  getAttribute(name: string): Json | undefined {
    return own(this.#node.attributes, name);
  }

  setAttribute(name: string, value: Json): void {
    const prelim = jsonText(attribute(value, `${this.place}.attributes.${name}`), 'the value');
    const key = wordOf(name, 'the attribute');
    this.place.host.write((core, room) => core.mapSet(room, this.#attributes, key, prelim));
  }

  removeAttribute(name: string): boolean {
    const key = wordOf(name, 'the attribute');
    return this.place.host.write((core, room) => core.mapDelete(room, this.#attributes, key));
  }

  get #node(): XmlElementNode {
    return this.place.value() as unknown as XmlElementNode;
  }

  get #attributes(): string {
    return this.place.type.replace('n', 'a');
  }
}
