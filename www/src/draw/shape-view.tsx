import { type CSSProperties, memo, type ReactElement } from 'react';
import type { User } from '../user';
import { NoteField } from './note-field';
import { BOARD, type Box, type Shape } from './shape';

interface ShapeViewProps {
  readonly shape: Shape;
  /** Where it is while somebody holds it. */
  readonly at: Box | undefined;
  /** Who of the others holds it. */
  readonly holder: User | undefined;
  readonly chosen: boolean;
  readonly editing: boolean;
  readonly onChoose: (id: string) => void;
  readonly onEdited: (id: string) => void;
}

/** A shape, which is a button: it takes the focus, and with it the keys. */
export const ShapeView = memo(function ShapeView(props: ShapeViewProps): ReactElement {
  const { shape, at = shape, holder, chosen, editing, onChoose, onEdited } = props;
  const { id, kind, color } = shape;
  const style = { ...placed(at), '--who': holder?.color } as CSSProperties;
  return (
    <div className="shape" data-shape={id} data-kind={kind} data-color={color} data-held={!!holder} style={style}>
      <button
        type="button"
        className="shape-body"
        aria-label={named(shape)}
        aria-pressed={chosen}
        onFocus={() => onChoose(id)}
      >
        <ShapeContent shape={shape} />
      </button>
      {editing && <NoteField id={id} onDone={() => onEdited(id)} />}
      {chosen && <span className="handle" data-handle aria-hidden="true" />}
    </div>
  );
});

/** What a shape looks like inside of its box. */
export function ShapeContent({ shape: { kind, words, line } }: { shape: Shape }): ReactElement | null {
  if (kind === 'note') return <span className="note-words">{words}</span>;
  if (kind !== 'stroke') return null;
  return (
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={line.join(' ')} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** A box as parts of the board: the board may be shown in any size. */
export function placed({ x, y, w, h }: Box): CSSProperties {
  const part = (value: number, of: number): string => `${(value / of) * 100}%`;
  return { left: part(x, BOARD.w), top: part(y, BOARD.h), width: part(w, BOARD.w), height: part(h, BOARD.h) };
}

function named({ kind, color, words }: Shape): string {
  if (kind === 'note') return words.trim() ? `Note: ${words.trim()}` : `Empty ${color} note`;
  return `${color} ${kind}`;
}
