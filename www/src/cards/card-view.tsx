import { type KeyboardEvent, type ReactElement, useEffect, useRef } from 'react';
import { TodoText } from '../todos/todo-text';
import { type Card, COLUMNS } from './card';
import type { CardActions } from './use-cards';

/** Steps of the arrow keys: columns to the right, cards down. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface CardProps {
  readonly card: Card;
  /** Numbers of its column, and of its place there. */
  readonly column: number;
  readonly index: number;
  readonly actions: CardActions;
  /** Whether this window just moved it by key: in another column it is another element, which wants the focus. */
  readonly moved: boolean;
  readonly onMoved: (id: string) => void;
}

/** A card: dragged, or moved by Alt and an arrow, or by its buttons. */
export function CardView({ card, column, index, actions, moved, onMoved }: CardProps): ReactElement {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (moved) item.current?.querySelector('input')?.focus();
  }, [moved]);
  const step = (right: number, down: number): void => {
    const to = COLUMNS[column + right];
    if (!to || index + down < 0) return;
    actions.place(card.id, to, index + down);
    onMoved(card.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.altKey ? STEPS[event.key] : undefined;
    if (!by) return;
    event.preventDefault();
    step(...by);
  };
  return (
    <li
      className="card"
      ref={item}
      draggable
      onDragStart={({ dataTransfer }) => dataTransfer.setData('text/plain', card.id)}
      onKeyDown={onKeyDown}
    >
      <TodoText text={card.words} label="Card" onChange={(words) => actions.write(card.id, words)} />
      <div className="card-tools">
        <CardButton
          name={`Move left: ${card.words}`}
          path="M10 3 5 8l5 5"
          off={column === 0}
          press={() => step(-1, 0)}
        />
        <CardButton
          name={`Move right: ${card.words}`}
          path="m6 3 5 5-5 5"
          off={column === COLUMNS.length - 1}
          press={() => step(1, 0)}
        />
        <CardButton name={`Delete: ${card.words}`} path="m4 4 8 8m0-8-8 8" press={() => actions.remove(card.id)} />
      </div>
    </li>
  );
}

function CardButton(props: { name: string; path: string; off?: boolean; press: () => void }): ReactElement {
  return (
    <button type="button" aria-label={props.name} disabled={props.off} onClick={props.press}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={props.path} />
      </svg>
    </button>
  );
}
