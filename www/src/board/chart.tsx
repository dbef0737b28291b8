import { type ReactElement, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { chartOptions } from './chart-options';
import { History, SPAN } from './history';
import type { Values } from './use-readings';
import 'uplot/dist/uPlot.min.css';

/** Seconds between two drawings at least, as one key is told no oftener: drawing is the dearest thing here. */
const STEP = 0.05;

interface ChartProps {
  readonly keys: readonly string[];
  readonly values: Values;
  /** Changes with the theme: colours on a canvas do not follow by themselves. */
  readonly theme: string;
}

interface Drawn {
  readonly chart: uPlot;
  readonly history: History;
}

/** Lines of a few keys over the last seconds. */
export function Chart({ keys, values, theme }: ChartProps): ReactElement {
  const parent = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const names = keys.join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read anew when the theme changes
  useEffect(() => {
    const element = parent.current;
    if (!element) return undefined;
    const shown = names.split('\n').filter(Boolean);
    const history = drawn.current?.history.has(shown) ? drawn.current.history : new History(shown);
    const chart = new uPlot(chartOptions(element, shown), history.columns, element);
    drawn.current = { chart, history };
    const size = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: chart.height }));
    size.observe(element);
    return () => {
      size.disconnect();
      chart.destroy();
    };
  }, [names, theme]);
  useEffect(() => {
    if (!drawn.current || values.size === 0) return;
    const { chart, history } = drawn.current;
    const now = Date.now() / 1_000;
    // Before a line has moved by a pixel there is nothing to see.
    if (now - history.last < Math.max(STEP, SPAN / chart.width)) return;
    history.add(now, values);
    chart.setData(history.columns, false);
    chart.setScale('x', { min: now - SPAN, max: now });
  }, [values]);
  return (
    <figure className="chart">
      <div ref={parent} role="img" aria-label={`Lines of the last ${SPAN} seconds: ${keys.join(', ') || 'none'}`} />
      <figcaption>
        {keys.map((key, index) => (
          <span key={key} className="chart-key" data-series={index + 1}>
            {key}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
