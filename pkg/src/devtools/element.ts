type Tag = keyof HTMLElementTagNameMap;

/** An element with attributes and children; texts become text, never markup. */
export function element<K extends Tag>(
  tag: K,
  attributes: { readonly [name: string]: string } = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(words: string, onClick: () => void, attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, words);
  made.addEventListener('click', onClick);
  return made;
}

/** Sets a text where it is another: an equal one would disturb a selection and screen readers. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute where it is another. */
export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Gives an element these children, and moves none that stays in its order: that would take its focus and its scrolling. */
export function setChildren(parent: Element, children: readonly Node[]): void {
  const kept = new Set(children);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  for (const [at, child] of children.entries()) {
    if (parent.childNodes[at] !== child) parent.insertBefore(child, parent.childNodes[at] ?? null);
  }
}
