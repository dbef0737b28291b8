import type uPlot from 'uplot';

const HEIGHT = 220;

/** How the lines are drawn, in the colours of the page. */
export function chartOptions(element: HTMLElement, keys: readonly string[]): uPlot.Options {
  const soft = colorOf(element, '--soft');
  const line = colorOf(element, '--line');
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis: uPlot.Axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: [0, 100] } },
    axes: [
      { ...axis, space: 70, values: (_, times) => times.map(clock) },
      { ...axis, size: 36 },
    ],
    series: [
      {},
      ...keys.map((label, index) => ({
        label,
        stroke: colorOf(element, `--series-${index + 1}`),
        width: 2,
        points: { show: false },
      })),
    ],
  };
}

/** One for all: to make one for each label is dear. */
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

function clock(seconds: number): string {
  return CLOCK.format(seconds * 1_000);
}

/** A canvas takes no `light-dark()`: the browser is asked what it comes to. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
