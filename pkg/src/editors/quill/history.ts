import type { Room } from '../../room.js';
import type { Schema } from '../../schema.js';
import type { QuillLike } from './types.js';

/** What is used of Quill's module `history`, and taken over. */
interface HistoryModule {
  readonly options: { userOnly?: boolean };
  change(way: 'undo' | 'redo'): void;
  record(): void;
  transform(): void;
  clear(): void;
}

/** The room's history in the place of Quill's: its keys, menus and buttons then know what others wrote. Returns what gives it back. */
export function undoByRoom(quill: QuillLike, room: Room<Schema>, isLocked: () => boolean): () => void {
  const history = quill.getModule('history') as HistoryModule | undefined;
  if (!history) return () => {};
  const nothing = (): void => {};
  const change = (way: 'undo' | 'redo'): void => {
    try {
      if (!isLocked()) room.history[way]();
    } catch (error) {
      room.report(error);
    }
  };
  history.clear();
  Object.assign(history, { change, record: nothing, transform: nothing });
  return () => {
    // Those of its class show again.
    const own: Partial<HistoryModule> = history;
    for (const name of ['change', 'record', 'transform'] as const) delete own[name];
    history.clear();
  };
}

/** Quill's history for what is typed here alone: all else is shown by its API, which it would take back too. Returns what gives it back. */
export function undoByEditor(quill: QuillLike): () => void {
  const history = quill.getModule('history') as HistoryModule | undefined;
  if (!history) return () => {};
  const { options } = history;
  const { userOnly = false } = options;
  options.userOnly = true;
  return () => {
    options.userOnly = userOnly;
  };
}
