import { type ReactElement, useState } from 'react';
import { DropZone } from '../files/drop-zone';
import { FileList } from '../files/file-list';
import { useFiles } from '../files/use-files';
import { UndoButtons } from '../page/undo-buttons';
import { useUndoKeys } from '../todos/use-undo-keys';
import { type Tool, usualBox } from './gesture';
import { BOARD, type Color } from './shape';
import { Surface } from './surface';
import { Toolbar } from './toolbar';
import { useChoice } from './use-choice';
import { useShapeActions, useShapes } from './use-shapes';
import './draw.css';

/** Shapes that everybody draws on one board, and files for those who are here. */
export function Whiteboard(): ReactElement {
  const shapes = useShapes();
  const actions = useShapeActions();
  const choice = useChoice(shapes, actions);
  const files = useFiles();
  const [tool, setTool] = useState<Tool>('select');
  const [color, setColor] = useState<Color>('green');
  const paint = (next: Color): void => {
    setColor(next);
    if (choice.chosen) actions.paint(choice.chosen.id, next);
  };
  const onDrawn = (id: string, drawn: Tool): void => {
    if (drawn === 'stroke') return;
    setTool('select');
    choice.choose(id);
    if (drawn === 'note') choice.edit(id);
  };
  const put = (kind: Exclude<Tool, 'select' | 'stroke'>): void => {
    // Each a little beside the last, so that none hides another.
    const aside = 16 * (shapes.length % 12);
    const box = usualBox({ x: BOARD.w / 2 - 96 + aside, y: BOARD.h / 2 - 96 + aside });
    onDrawn(actions.add({ kind, color, words: '', line: [], ...box }), kind);
  };
  return (
    <DropZone onDrop={files.send}>
      <section className="sheet whiteboard" aria-labelledby="draw-title" onKeyDown={useUndoKeys()}>
        <div className="sheet-head">
          <h2 id="draw-title">Whiteboard</h2>
          <UndoButtons />
        </div>
        <Toolbar
          tool={tool}
          color={choice.chosen?.color ?? color}
          hasChoice={choice.chosen !== undefined}
          onTool={setTool}
          onPut={put}
          onColor={paint}
          onDelete={choice.remove}
        />
        <Surface tool={tool} color={color} shapes={shapes} actions={actions} choice={choice} onDrawn={onDrawn} />
        <p className="sheet-note" id="board-keys">
          Keys: Enter on a tool puts its shape in the middle. Arrows move a shape, with Shift they size it; Delete
          removes it; Enter or a double click writes into a note.
        </p>
      </section>
      <FileList files={files} />
    </DropZone>
  );
}
