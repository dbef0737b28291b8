import { useSyncExternalStore } from 'react';

/** Light or dark as it is shown now. */
export function useTheme(): string {
  return useSyncExternalStore(subscribe, () => getComputedStyle(document.documentElement).colorScheme + system());
}

function system(): string {
  return matchMedia('(prefers-color-scheme: dark)').matches ? ' dark' : ' light';
}

function subscribe(listener: () => void): () => void {
  const chosen = new MutationObserver(listener);
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', listener);
  return () => {
    chosen.disconnect();
    query.removeEventListener('change', listener);
  };
}
