import type { DragEvent, ReactElement } from 'react';
import { UndoButtons } from '../page/undo-buttons';
import { NewTodo } from '../todos/new-todo';
import { useUndoKeys } from '../todos/use-undo-keys';
import { COLUMNS, cardsIn } from './card';
import { CardView } from './card-view';
import { useCardActions, useCards } from './use-cards';
import { useCarrier } from './use-carried-caret';
import './cards.css';

/** Cards that everybody moves on one board. */
export function Cards(): ReactElement {
  const cards = useCards();
  const actions = useCardActions();
  const carrier = useCarrier();
  return (
    <section className="sheet cards" aria-labelledby="cards-title" onKeyDown={useUndoKeys()}>
      <div className="sheet-head">
        <h2 id="cards-title">Cards</h2>
        <UndoButtons />
      </div>
      <NewTodo label="New card" placeholder="Add a card" add={(words) => actions.add(words, COLUMNS[0])} />
      <div className="card-columns">
        {COLUMNS.map((column, at) => {
          const here = cardsIn(column, cards);
          const onDrop = (event: DragEvent): void => {
            event.preventDefault();
            const id = event.dataTransfer.getData('text/plain');
            const others = [...event.currentTarget.querySelectorAll('.card')].filter(
              (_, index) => here[index]?.id !== id,
            );
            actions.place(id, column, others.filter((card) => middleOf(card) < event.clientY).length);
          };
          return (
            <section
              key={column}
              aria-label={column}
              className="card-column"
              onDragOver={(event) => event.preventDefault()}
              onDrop={onDrop}
            >
              <h3>
                {column} <span className="card-count">{here.length}</span>
              </h3>
              <ul>
                {here.map((card, index) => (
                  <CardView key={card.id} {...{ card, index, actions, carrier, column: at }} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <p className="sheet-note">
        Drag a card, or hold Alt and press an arrow in it. While one moves it, another may write on it.
      </p>
    </section>
  );
}

function middleOf(element: Element): number {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}
