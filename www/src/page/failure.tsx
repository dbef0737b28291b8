import type { ReactElement } from 'react';

/** What is shown instead of a room that cannot be entered. */
export function Failure({ error }: { error: unknown }): ReactElement {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <main className="notice" role="alert">
      <h1>This room cannot be opened</h1>
      <p>{message}</p>
      <p>
        <a href={location.pathname}>Go to the room “demo”</a>, or{' '}
        <button type="button" className="link" onClick={() => location.reload()}>
          try again
        </button>
        .
      </p>
    </main>
  );
}
