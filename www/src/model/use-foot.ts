import { type RefObject, useCallback, useLayoutEffect, useRef } from 'react';

/** So near to the foot, in pixels, that it counts as there. */
const NEAR = 48;

/** A box that scrolls. */
export interface Foot<E extends HTMLElement> {
  readonly box: RefObject<E | null>;
  /** To be called when it was scrolled. */
  readonly onScroll: () => void;
}

/** Stays at the foot of what grows, while somebody is there. */
export function useFoot<E extends HTMLElement>(): Foot<E> {
  const box = useRef<E>(null);
  const atFoot = useRef(true);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const follow = (): void => {
      if (atFoot.current) element.scrollTop = element.scrollHeight;
    };
    const changes = new MutationObserver(follow);
    changes.observe(element, { childList: true, characterData: true, subtree: true });
    follow();
    return () => changes.disconnect();
  }, []);
  const onScroll = useCallback((): void => {
    const element = box.current;
    if (element) atFoot.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  }, []);
  return { box, onScroll };
}
