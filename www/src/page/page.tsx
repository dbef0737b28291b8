import type { ReactElement } from 'react';
import { Editor } from '../editor/editor';
import { NetworkPanel } from '../network/panel';
import type { Person } from '../person';
import { Todos } from '../todos/todos';
import { Failure } from './failure';
import { Header } from './header';
import { useReadiness } from './use-readiness';

/** One room: what is written, and how it fares. */
export function Page({ room, person }: { room: string; person: Person }): ReactElement {
  const readiness = useReadiness();
  if (readiness.kind === 'failed') return <Failure error={readiness.error} />;
  return (
    <>
      <Header room={room} person={person} />
      <div className="columns">
        <main className="work">
          {readiness.kind === 'ready' ? (
            <>
              <p className="lead">
                Open this page in a second window. Cut the link in one, write in both, mend it: nothing is lost.
              </p>
              <Editor />
              <Todos />
            </>
          ) : (
            <p className="loading" role="status">
              Opening the room
            </p>
          )}
        </main>
        <NetworkPanel />
      </div>
    </>
  );
}
