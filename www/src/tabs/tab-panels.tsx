import { type ComponentType, lazy, type ReactElement, Suspense, useState } from 'react';
import { Code } from '../code/code';
import { Boundary } from '../page/boundary';
import { Writing } from '../page/writing';
import { panelElement, tabElement } from './tab-list';
import { TABS, type Tab, type TabId } from './tabs';

/** What the content of a tab is told. */
export interface PanelProps {
  /** Whether it is the one that is seen. */
  readonly shown: boolean;
}

/** Each but the first comes in files of its own, when somebody looks at it. */
const CONTENT: Record<TabId, ComponentType<PanelProps>> = {
  write: Writing,
  model: lazy(() => import('../model/model').then(({ Model }) => ({ default: Model }))),
  talk: lazy(() => import('../talk/talk').then(({ Talk }) => ({ default: Talk }))),
  cards: lazy(() => import('../cards/cards').then(({ Cards }) => ({ default: Cards }))),
  draw: lazy(() => import('../draw/whiteboard').then(({ Whiteboard }) => ({ default: Whiteboard }))),
  meet: lazy(() => import('../meet/video-room').then(({ VideoRoom }) => ({ default: VideoRoom }))),
  board: lazy(() => import('../board/board').then(({ Board }) => ({ default: Board }))),
};

/** The tabs' contents. One that was seen stays: an answer goes on while somebody looks elsewhere. */
export function TabPanels({ current }: { current: Tab }): ReactElement {
  const [seen, setSeen] = useState<ReadonlySet<TabId>>(() => new Set([current.id]));
  if (!seen.has(current.id)) setSeen(new Set([...seen, current.id]));
  return (
    <>
      {TABS.map((tab) => (
        <TabPanel key={tab.id} tab={tab} shown={tab === current} seen={seen.has(tab.id)} />
      ))}
    </>
  );
}

function TabPanel({ tab, shown, seen }: { tab: Tab; shown: boolean; seen: boolean }): ReactElement {
  const Content = CONTENT[tab.id];
  return (
    <div className="tab-panel" role="tabpanel" id={panelElement(tab)} aria-labelledby={tabElement(tab)} hidden={!shown}>
      <p className="lead">{tab.lead}</p>
      {seen && (
        <Boundary fallback={failed}>
          <Suspense fallback={<Loading />}>
            <Content shown={shown} />
            <Code tab={tab.id} />
          </Suspense>
        </Boundary>
      )}
    </div>
  );
}

function Loading(): ReactElement {
  return (
    <p className="loading" role="status">
      Loading
    </p>
  );
}

/** Its files could not be had, as after a new version of the page, or it threw. */
function failed(error: unknown): ReactElement {
  return (
    <p className="loading" role="alert">
      This part cannot be shown: {error instanceof Error ? error.message : String(error)}{' '}
      <button type="button" className="link" onClick={() => location.reload()}>
        Load the page again
      </button>
    </p>
  );
}
