import type { MouseEvent, ReactElement } from 'react';
import { TOOLS, type Tool } from './gesture';
import { COLORS, type Color } from './shape';

interface ToolbarProps {
  readonly tool: Tool;
  readonly color: Color;
  /** Whether there is something to delete. */
  readonly hasChoice: boolean;
  readonly onTool: (tool: Tool) => void;
  /** Somebody wants such a shape without drawing it. */
  readonly onPut: (tool: Exclude<Tool, 'select' | 'stroke'>) => void;
  readonly onColor: (color: Color) => void;
  readonly onDelete: () => void;
}

const NAMES: Record<Tool, string> = {
  select: 'Select',
  rectangle: 'Rectangle',
  ellipse: 'Ellipse',
  note: 'Note',
  stroke: 'Pen',
};

const ICONS: Record<Tool, string> = {
  select: 'M4 2.5v10l2.6-2.3 1.7 3.6 1.6-.8-1.7-3.5 3.4-.3z',
  rectangle: 'M2.5 4h11v8h-11z',
  ellipse: 'M8 3.5c3.3 0 6 2 6 4.5s-2.7 4.5-6 4.5-6-2-6-4.5 2.7-4.5 6-4.5z',
  note: 'M3 3h10v6.5L9.5 13H3zm10 6.5H9.5V13',
  stroke: 'm3 13 .7-3.2L11 2.5 13.5 5 6.2 12.3z',
};

/** Tools and colours. By keyboard, or pressed again, a tool puts its shape in the middle. */
export function Toolbar({ tool, color, hasChoice, onTool, onPut, onColor, onDelete }: ToolbarProps): ReactElement {
  const press = (pressed: Tool, { detail }: MouseEvent): void => {
    const draws = pressed !== 'select' && pressed !== 'stroke';
    if (draws && (detail === 0 || pressed === tool)) onPut(pressed);
    else onTool(pressed);
  };
  return (
    <div className="draw-tools">
      <fieldset className="tool-row">
        <legend className="visually-hidden">Tools</legend>
        {TOOLS.map((one) => (
          <button type="button" key={one} aria-pressed={one === tool} onClick={(event) => press(one, event)}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d={ICONS[one]} />
            </svg>
            {NAMES[one]}
          </button>
        ))}
      </fieldset>
      <button type="button" className="draw-delete" disabled={!hasChoice} onClick={onDelete}>
        Delete
      </button>
      <fieldset className="color-row">
        <legend className="visually-hidden">Colour</legend>
        {COLORS.map((one) => (
          <label key={one} className="swatch" data-color={one} title={one}>
            <input
              type="radio"
              name="draw-color"
              aria-label={one}
              checked={one === color}
              onChange={() => onColor(one)}
            />
          </label>
        ))}
      </fieldset>
    </div>
  );
}
