import { classHighlighter, highlightCode } from '@lezer/highlight';
import { parser } from '@lezer/javascript';
import { type ReactElement, type ReactNode, useMemo } from 'react';
import type { TabId } from '../tabs/tabs';
import { sourcesOf } from './sources';
import './listing.css';

const typescript = parser.configure({ dialect: 'ts jsx' });

/** The files of a part, in colours. */
export function Listing({ tab }: { tab: TabId }): ReactElement {
  const sources = useMemo(() => sourcesOf(tab), [tab]);
  return (
    <>
      {sources.map(({ name, text }) => (
        <figure className="listing" key={name}>
          <figcaption>{name}</figcaption>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard */}
          <section tabIndex={0} aria-label={name}>
            <pre>{colored(text)}</pre>
          </section>
        </figure>
      ))}
    </>
  );
}

function colored(text: string): ReactNode[] {
  const nodes: ReactNode[] = [];
  highlightCode(
    text.trimEnd(),
    typescript.parse(text),
    classHighlighter,
    (words, classes) =>
      nodes.push(
        classes ? (
          <span key={nodes.length} className={classes}>
            {words}
          </span>
        ) : (
          words
        ),
      ),
    () => nodes.push('\n'),
  );
  return nodes;
}
