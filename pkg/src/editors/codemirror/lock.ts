import { EditorState, Prec, StateEffect, type StateEffectType, StateField } from '@codemirror/state';

/** Whether people may write from here on. */
export const lock: StateEffectType<boolean> = StateEffect.define<boolean>();

/** Makes the editor read-only where the room takes no edits; what the app says of it counts otherwise. */
export const lockField: StateField<boolean> = StateField.define<boolean>({
  // What is typed before there is a text would be lost.
  create: () => true,
  update: (is, { effects }) => effects.reduce((last, effect) => (effect.is(lock) ? effect.value : last), is),
  provide: (field) =>
    Prec.highest(EditorState.readOnly.computeN([field], (state) => (state.field(field) ? [true] : []))),
});

/** Whether the room takes no edits. */
export function isLocked(state: EditorState): boolean {
  return state.field(lockField, false) ?? false;
}
