import { type ReactElement, useCallback, useEffect, useState } from 'react';
import type { ConnectionState } from 'rejoin';
import { log } from '../log';
import { reasonInWords, statusInWords } from '../network/words';
import type { PanelProps } from '../tabs/tab-panels';
import { Chart } from './chart';
import { Gauges } from './gauges';
import { Tiles } from './tiles';
import { useReadings } from './use-readings';
import { useTheme } from './use-theme';
import './board.css';

const RATES = [10, 100, 1_000];
/** Lines that can be told apart. */
const MOST = 3;

/** Live numbers: charts, tiles, and how fast they come. */
export function Board({ shown }: PanelProps): ReactElement {
  const [rate, setRate] = useState(1_000);
  const [paused, setPaused] = useState(false);
  const [charted, setCharted] = useState<readonly string[]>(['Bergen 1', 'Lyon 2', 'Porto 3']);
  const { events, connection, values } = useReadings(rate, paused || !shown);
  const theme = useTheme();
  const { status } = connection;
  const words = stateInWords(connection, paused, rate);
  useEffect(() => {
    if (shown && status !== 'idle') log.add('status', `Readings: ${words}`);
  }, [shown, status, words]);
  const toggle = useCallback((key: string): void => {
    setCharted((before) =>
      before.includes(key) ? before.filter((other) => other !== key) : [...before.slice(1 - MOST), key],
    );
  }, []);
  return (
    <section className="sheet board" aria-labelledby="board-title">
      <h2 id="board-title">Live readings</h2>
      <p className="sheet-note" role="status" data-testid="board-status">
        {words}
      </p>
      <div className="board-tools">
        <Rates rate={rate} onChoose={setRate} />
        <button type="button" className="main-tool" onClick={() => setPaused(!paused)}>
          {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      <Gauges events={events} />
      <Chart keys={charted} values={values} theme={theme} />
      <Tiles values={values} charted={charted} onToggle={toggle} />
    </section>
  );
}

function Rates({ rate, onChoose }: { rate: number; onChoose: (rate: number) => void }): ReactElement {
  return (
    <fieldset className="rates">
      <legend>Events a second</legend>
      {RATES.map((choice) => (
        <label key={choice}>
          <input type="radio" name="rate" value={choice} checked={choice === rate} onChange={() => onChoose(choice)} />
          <span>{choice.toLocaleString('en')}</span>
        </label>
      ))}
    </fieldset>
  );
}

function stateInWords(connection: ConnectionState, paused: boolean, rate: number): string {
  const { status, error } = connection;
  if (paused) return 'Paused. What is missed meanwhile comes when it goes on.';
  if (status === 'connected') return `Live, ${rate.toLocaleString('en')} events a second.`;
  const why = error?.message ?? reasonInWords(connection);
  return why ? `${statusInWords(status)}. ${why}.` : `${statusInWords(status)}.`;
}
