import { lazy, type ReactElement, Suspense, useState } from 'react';
import type { TabId } from '../tabs/tabs';

const Listing = lazy(() => import('./listing').then(({ Listing }) => ({ default: Listing })));

/** The code of a part of the page that is about rejoin, fetched when somebody wants to see it. */
export function Code({ tab }: { tab: TabId }): ReactElement {
  const [wanted, setWanted] = useState(false);
  return (
    <details className="code" onToggle={(event) => setWanted(wanted || event.currentTarget.open)}>
      <summary>Code: how this uses rejoin</summary>
      {wanted && (
        <Suspense fallback={<p className="sheet-note">Loading</p>}>
          <Listing tab={tab} />
        </Suspense>
      )}
    </details>
  );
}
