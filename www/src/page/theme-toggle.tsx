import { type ReactElement, useState } from 'react';

type Theme = 'light' | 'dark';

const KEY = 'rejoin-demo/theme';

/** Light or dark; the system's choice until somebody chooses. */
export function ThemeToggle(): ReactElement {
  const [theme, setTheme] = useState<Theme>(current);
  const toggle = (): void => {
    const next: Theme = theme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    setTheme(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage may be forbidden here; then the choice lasts until the reload.
    }
  };
  return (
    <button type="button" className="quiet" aria-pressed={theme === 'dark'} onClick={toggle}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <path className="filled" d="M8 2a6 6 0 0 1 0 12z" />
      </svg>
      Dark
    </button>
  );
}

function current(): Theme {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}
