import type { Text } from '../refs.js';
import type { TextField } from '../text-input.js';

/** Elements in mid-composition that were just let go of, and what they are bound to. */
const left = /* @__PURE__ */ new WeakMap<TextField, Text>();

/** Notes an element that is let go of while the user composes: a rendering that gives it another `ref` binds it again at once. */
export function leaveComposing(element: TextField, text: Text): void {
  left.set(element, text);
  queueMicrotask(() => left.delete(element));
}

/** Whether the user is composing in an element that was bound to this text until just now. */
export function isComposing(element: TextField, text: Text | null): boolean {
  return text !== null && left.get(element) === text;
}
