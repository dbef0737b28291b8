import { type ReactElement, useMemo } from 'react';
import type { Store } from 'rejoin';
import { useStore } from 'rejoin/react';
import { type Measures, Meter, NONE } from './meter';
import type { ReadingEvents } from './use-readings';

const SILENT: Store<Measures> = {
  getSnapshot: () => NONE,
  getServerSnapshot: () => NONE,
  subscribe: () => () => {},
};

/** How fast events come and how often the page is drawn. */
export function Gauges({ events }: { events: ReadingEvents | null }): ReactElement {
  const meter = useMemo(() => (events ? new Meter(events) : SILENT), [events]);
  const measures = useStore(meter);
  return (
    <dl className="gauges">
      <Gauge name="Events a second" value={measures.eventsPerSecond} testId="events-rate" />
      <Gauge name="Frames a second" value={measures.framesPerSecond} testId="frame-rate" />
      <Gauge name="Events" value={measures.events} testId="events" />
      <Gauge name="Frames drawn" value={measures.drawn} testId="drawn" />
      <Gauge name="Missed" value={measures.missed} testId="missed" />
      <Gauge name="Last id" value={measures.lastId.slice(-7) || '–'} testId="last-id" title={measures.lastId} />
    </dl>
  );
}

interface GaugeProps {
  readonly name: string;
  readonly value: number | string;
  readonly testId: string;
  readonly title?: string;
}

function Gauge({ name, value, testId, title }: GaugeProps): ReactElement {
  return (
    <div className="gauge">
      <dt>{name}</dt>
      <dd data-testid={testId} title={title}>
        {typeof value === 'number' ? value.toLocaleString('en') : value}
      </dd>
    </div>
  );
}
