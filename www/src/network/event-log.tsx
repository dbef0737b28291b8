import type { ReactElement } from 'react';
import { useStore } from 'rejoin/react';
import { log } from '../log';

/** What happened, newest first. */
export function EventLogView(): ReactElement {
  const entries = useStore(log);
  return (
    <section aria-labelledby="log-title">
      <h3 id="log-title">What happened</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard */}
      <div className="log" role="log" aria-labelledby="log-title" tabIndex={0}>
        <ol>
          {entries.map(({ id, time, kind, text }) => (
            <li key={id} data-kind={kind}>
              <time dateTime={time.toISOString()}>{time.toLocaleTimeString('en-GB')}</time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
