import type { Text } from 'rejoin';
import { useDoc, useText } from 'rejoin/react';

/** The words of an item: the text itself, which stays the same wherever others move the item; its path until it is there. */
export function useWords(list: 'cards' | 'shapes', id: string): Text | string {
  const index = useDoc((doc) => doc[list].findIndex((item) => item.id === id));
  const path = `${list}.${index}.words`;
  return useText(path)?.[1] ?? path;
}
