import { type Extension, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import type { Room } from '../../room.js';
import type { Schema } from '../../schema.js';
import { isLocked } from './lock.js';

/** What a menu or a shake of the device asks for. */
const WAYS: { readonly [inputType: string]: 'undo' | 'redo' } = { historyUndo: 'undo', historyRedo: 'redo' };

/** The room's history in the place of the editor's: it knows what others wrote. */
export function undoByRoom(room: Room<Schema>): Extension {
  const travel = (view: EditorView, way: 'undo' | 'redo'): boolean => {
    try {
      if (!isLocked(view.state)) room.history[way]();
    } catch (error) {
      room.report(error);
    }
    return true;
  };
  const undo = (view: EditorView): boolean => travel(view, 'undo');
  const redo = (view: EditorView): boolean => travel(view, 'redo');
  return Prec.high([
    keymap.of([
      { key: 'Mod-z', run: undo, preventDefault: true },
      { key: 'Mod-Shift-z', run: redo, preventDefault: true },
      { key: 'Mod-y', run: redo, preventDefault: true },
    ]),
    EditorView.domEventHandlers({
      beforeinput: (event, view) => {
        const way = WAYS[event.inputType];
        if (!way) return false;
        event.preventDefault();
        return travel(view, way);
      },
    }),
  ]);
}
