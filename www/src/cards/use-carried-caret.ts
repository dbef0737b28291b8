import { type RefObject, useLayoutEffect, useRef } from 'react';

/** A card that goes from one column to another with the focus in it, and where its caret is. */
export interface Carried {
  readonly id: string;
  readonly start: number | null;
  readonly end: number | null;
}

/** Holds what is carried while columns are drawn anew, and no longer. */
export function useCarrier(): RefObject<Carried | null> {
  const carrier = useRef<Carried | null>(null);
  useLayoutEffect(() => {
    carrier.current = null;
  });
  return carrier;
}

/** Carries focus and caret over: a card is another element in another column. */
export function useCarriedCaret(id: string, carrier: RefObject<Carried | null>): RefObject<HTMLLIElement | null> {
  const item = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    const [card, field] = [item.current, item.current?.querySelector('input')];
    const carried = carrier.current;
    if (carried?.id === id) {
      field?.focus();
      field?.setSelectionRange(carried.start, carried.end);
    }
    return () => {
      if (!card?.contains(document.activeElement)) return;
      carrier.current = { id, start: field?.selectionStart ?? null, end: field?.selectionEnd ?? null };
    };
  }, [id, carrier]);
  return item;
}
