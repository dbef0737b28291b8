import type { ReactElement } from 'react';
import type { Version } from 'rejoin';
import { NewTodo } from '../todos/new-todo';
import { DifferenceView } from './difference-view';
import { useVersions } from './use-versions';
import './versions.css';

/** States of the document that the room keeps, to look at and to go back to. */
export function Versions(): ReactElement {
  const { versions, seen, trouble, keep, look, restore, remove } = useVersions();
  return (
    <section className="sheet versions" aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      <p className="sheet-note">
        Everybody in this room sees them. Restoring one is an edit like any other: you can undo it.
      </p>
      <NewTodo label="Name of the version" placeholder="Keep it as it is now, as …" action="Keep" add={keep} />
      {trouble && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      <ul>
        {versions.toReversed().map((version) => {
          const shown = seen?.version.id === version.id;
          return (
            <li className="version" key={version.id}>
              <button
                type="button"
                className="version-name"
                aria-expanded={shown}
                onClick={() => look(shown ? null : version)}
              >
                {version.name} <span className="version-facts">{facts(version)}</span>
              </button>
              {shown && (
                <div className="version-seen">
                  <DifferenceView before={seen.note} differences={seen.differences} />
                  <div className="version-tools">
                    <button type="button" disabled={seen.differences.length === 0} onClick={() => restore(version)}>
                      Restore
                    </button>
                    <button type="button" onClick={() => remove(version)}>
                      Forget
                    </button>
                  </div>
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function facts({ at, size }: Version): string {
  const time = new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  return `${time}, ${size < 1_000 ? `${size} bytes` : `${Math.round(size / 1_000)} kB`}`;
}
