import type { TextField } from '../text-input.js';

/**
 * Keeps an element read-only until what it returns is called. What the app makes of its `readOnly` meanwhile, as another rendering does,
 * counts from then on.
 */
export function lockField(element: TextField): () => void {
  let wanted = element.readOnly;
  const heed = (changes: readonly MutationRecord[]): void => {
    if (changes.length > 0) wanted = element.readOnly;
  };
  const observer = new MutationObserver((changes) => {
    heed(changes);
    hold();
  });
  const hold = (): void => {
    // Where two hold the same element, each would answer the other without end.
    if (!element.readOnly) element.readOnly = true;
    observer.takeRecords();
  };
  observer.observe(element, { attributeFilter: ['readonly'] });
  hold();
  return () => {
    heed(observer.takeRecords());
    observer.disconnect();
    element.readOnly = wanted;
  };
}
