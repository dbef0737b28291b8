import { lazy, type ReactElement, Suspense, useState } from 'react';
import type { TabId } from '../tabs/tabs';

const Listing = lazy(() => import('./listing').then(({ Listing }) => ({ default: Listing })));

/** The code of a part of the page, fetched when somebody wants to see it. */
export function Code({ tab }: { tab: TabId }): ReactElement {
  const [wanted, setWanted] = useState(false);
  return (
    <details className="code" onToggle={(event) => setWanted(wanted || event.currentTarget.open)}>
      <summary>Code: all of this that talks to rejoin</summary>
      {wanted && (
        <Suspense fallback={<p className="sheet-note">Loading</p>}>
          <Listing tab={tab} />
        </Suspense>
      )}
    </details>
  );
}
