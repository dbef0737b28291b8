import type { ReactElement } from 'react';

/** Two arcs that hold each other; they part while there is no link. */
export function Wordmark({ linked }: { linked: boolean }): ReactElement {
  return (
    <h1 className="wordmark" data-linked={linked}>
      <svg viewBox="0 0 36 32" aria-hidden="true">
        <path className="arc arc-left" d="M16 23.5a8 8 0 1 1 0-15" />
        <path className="arc arc-right" d="M20 8.5a8 8 0 1 1 0 15" />
      </svg>
      rejoin
    </h1>
  );
}
