import type { ObjectRef } from 'rejoin';
import { useDoc, useMutation } from 'rejoin/react';
import { indexIn } from '../index-in';
import { randomId } from '../person';
import type { DemoRoom } from '../schema';
import { type Card, type Column, type cardFields, cardsIn, ranksAt } from './card';

/** What can be done to the cards. */
export interface CardActions {
  readonly add: (words: string, column: Column) => void;
  /** Puts a card at an index of a column, counted without the card. */
  readonly place: (id: string, column: Column, index: number) => void;
  readonly remove: (id: string) => void;
}

/** The cards of the room, in no order. */
export function useCards(): readonly Card[] {
  return useDoc((doc) => doc.cards) ?? [];
}

/** The actions of this room; each is one step to undo. */
export function useCardActions(): CardActions {
  return {
    add: useMutation(({ root, room }, words: string, column: Column) => {
      const last = cardsIn(column, cardsOf(room)).at(-1);
      root.get('cards').push({ id: randomId(), words, column, rank: (last?.rank ?? 0) + 1 });
    }, []),
    place: useMutation(({ room }, id: string, column: Column, index: number) => {
      const others = cardsIn(column, cardsOf(room)).filter((card) => card.id !== id);
      find(room, id)?.set('column', column);
      for (const [one, rank] of ranksAt(index, others, id)) find(room, one)?.set('rank', rank);
    }, []),
    remove: useMutation(({ room }, id: string) => {
      const index = indexIn(room, 'cards', id);
      if (index >= 0) room.root.get('cards').delete(index);
    }, []),
  };
}

function cardsOf(room: DemoRoom): readonly Card[] {
  return room.doc.getSnapshot()?.cards ?? [];
}

function find(room: DemoRoom, id: string): ObjectRef<typeof cardFields> | null {
  const index = indexIn(room, 'cards', id);
  return index >= 0 ? room.root.get('cards').at(index) : null;
}
