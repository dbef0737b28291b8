import { t } from 'rejoin';

/** The columns of the board, from left to right. */
export const COLUMNS = ['To do', 'Doing', 'Done'] as const;
export type Column = (typeof COLUMNS)[number];

/** Fields of a card. Its place is two of them: moving a card and writing on it merge, which moving items of a list would not. */
export const cardFields = { id: t.string(), words: t.text(), column: t.string(), rank: t.number() };

/** One card of the board. */
export interface Card {
  readonly id: string;
  readonly words: string;
  readonly column: string;
  /** The smaller, the higher in its column. */
  readonly rank: number;
}

/** The cards of a column, the highest first. A column that nobody knows counts as the first. */
export function cardsIn(column: Column, cards: readonly Card[]): readonly Card[] {
  const isHere = (card: Card): boolean => (COLUMNS.find((one) => one === card.column) ?? COLUMNS[0]) === column;
  return cards.filter(isHere).toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
}

/** Ranks for a card and the others of its column when it is put at an index: only its own, as long as there is room. */
export function ranksAt(index: number, others: readonly Card[], id: string): ReadonlyMap<string, number> {
  const [above, below] = [others[index - 1]?.rank, others[index]?.rank];
  const rank = above === undefined ? (below ?? 0) - 1 : below === undefined ? above + 1 : (above + below) / 2;
  if ((above ?? -Infinity) < rank && rank < (below ?? Infinity)) return new Map([[id, rank]]);
  return new Map(
    others
      .map((card) => card.id)
      .toSpliced(index, 0, id)
      .map((one, at) => [one, at]),
  );
}
