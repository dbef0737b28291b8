import { memo, type ReactElement } from 'react';
import type { Values } from './use-readings';

interface TilesProps {
  readonly values: Values;
  readonly charted: readonly string[];
  readonly onToggle: (key: string) => void;
}

/** The latest value of every key; those that are pressed are in the chart. */
export function Tiles({ values, charted, onToggle }: TilesProps): ReactElement {
  const keys = [...values.keys()].map(String).sort();
  return (
    <ul className="tiles">
      {keys.map((key) => (
        <Tile
          key={key}
          name={key}
          value={values.get(key)?.value ?? 0}
          series={charted.indexOf(key) + 1}
          onToggle={onToggle}
        />
      ))}
    </ul>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: number;
  /** Its line in the chart, from 1; 0: none. */
  readonly series: number;
  readonly onToggle: (key: string) => void;
}

const Tile = memo(function Tile({ name, value, series, onToggle }: TileProps): ReactElement {
  return (
    <li>
      <button
        type="button"
        className="tile"
        aria-pressed={series > 0}
        data-key={name}
        data-series={series || undefined}
        onClick={() => onToggle(name)}
      >
        <span className="tile-name">{name}</span>
        <span className="tile-value" style={{ backgroundSize: `${value}% 3px` }}>
          {value.toFixed(1)}
        </span>
      </button>
    </li>
  );
});
