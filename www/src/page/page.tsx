import type { ReactElement } from 'react';
import { NetworkPanel } from '../network/panel';
import { usePeerLinks } from '../network/use-peer-links';
import type { Person } from '../person';
import { TabList } from '../tabs/tab-list';
import { TabPanels } from '../tabs/tab-panels';
import { useTab } from '../tabs/use-tab';
import { Failure } from './failure';
import { Header } from './header';
import { useReadiness } from './use-readiness';

/** One room: what is written, and how it fares. */
export function Page({ room, person }: { room: string; person: Person }): ReactElement {
  const readiness = useReadiness();
  const [tab, choose] = useTab();
  const links = usePeerLinks(tab.direct ?? false);
  if (readiness.kind === 'failed') return <Failure error={readiness.error} />;
  return (
    <>
      <Header room={room} person={person} />
      <div className="columns">
        <main className="work">
          <TabList current={tab} onChoose={choose} />
          {readiness.kind === 'ready' ? (
            <TabPanels current={tab} />
          ) : (
            <p className="loading" role="status">
              Opening the room
            </p>
          )}
        </main>
        <NetworkPanel links={links} />
      </div>
    </>
  );
}
