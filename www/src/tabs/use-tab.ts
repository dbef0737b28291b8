import { useEffect, useState } from 'react';
import { type Tab, tabOf } from './tabs';

const NAME = 'tab';

/** The part of the page that the address names, and the way to another. */
export function useTab(): [Tab, (tab: Tab) => void] {
  const [tab, setTab] = useState(current);
  useEffect(() => {
    const follow = (): void => setTab(current());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const choose = (next: Tab): void => {
    const address = new URL(location.href);
    address.searchParams.set(NAME, next.id);
    history.replaceState(null, '', address);
    setTab(next);
  };
  return [tab, choose];
}

function current(): Tab {
  return tabOf(new URLSearchParams(location.search).get(NAME));
}
