import type { DemoRoom } from './schema';

/** Where the item of that id is in a list; -1 if it is gone. Items have ids: others may move them while a hand is on its way. */
export function indexIn(room: DemoRoom, list: 'todos' | 'cards' | 'shapes', id: string): number {
  return room.doc.getSnapshot()?.[list].findIndex((item) => item.id === id) ?? -1;
}
