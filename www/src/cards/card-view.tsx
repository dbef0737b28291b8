import type { KeyboardEvent, ReactElement, RefObject } from 'react';
import { useTextInput } from 'rejoin/react';
import { useWords } from '../use-words';
import { type Card, COLUMNS } from './card';
import type { CardActions } from './use-cards';
import { type Carried, useCarriedCaret } from './use-carried-caret';

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
  readonly carrier: RefObject<Carried | null>;
}

/** A card: dragged, or moved by Alt and an arrow, or by its buttons. Its words are written letter by letter, by whoever wants to. */
export function CardView({ card, column, index, actions, carrier }: CardProps): ReactElement {
  const item = useCarriedCaret(card.id, carrier);
  const words = useTextInput(useWords('cards', card.id));
  const step = (right: number, down: number): void => {
    const to = COLUMNS[column + right];
    if (to && index + down >= 0) actions.place(card.id, to, index + down);
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
      <input className="todo-text" aria-label="Card" maxLength={500} {...words} />
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
