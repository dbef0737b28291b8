import { type ReactElement, useMemo, useRef } from 'react';
import { useOthers } from 'rejoin/react';
import type { Held, Presence } from '../schema';
import type { Tool } from './gesture';
import { Pointers } from './pointers';
import type { Shape } from './shape';
import { placed, ShapeContent, ShapeView } from './shape-view';
import type { Choice } from './use-choice';
import { useHand } from './use-hand';
import { useKeys } from './use-keys';
import type { ShapeActions } from './use-shapes';

interface SurfaceProps {
  readonly tool: Tool;
  readonly color: Shape['color'];
  readonly shapes: readonly Shape[];
  readonly actions: ShapeActions;
  readonly choice: Choice;
  readonly onDrawn: (id: string, tool: Tool) => void;
}

/** The board itself: shapes, what is being drawn, and the hands of the others. */
export function Surface({ tool, color, shapes, actions, choice, onDrawn }: SurfaceProps): ReactElement {
  const surface = useRef<HTMLDivElement>(null);
  const { chosen, editing, choose, edit, edited } = choice;
  const { drawn, held, ...pointer } = useHand({ surface, tool, color, shapes, actions, choose, onDrawn });
  const holds = useHolds();
  const onKeyDown = useKeys({ chosen, actions, edit, remove: choice.remove });
  const onDoubleClick = (): void => {
    if (chosen?.kind === 'note') edit(chosen.id);
  };
  return (
    <div className="surface-frame">
      {/* biome-ignore lint/a11y/useSemanticElements: a group of buttons that has no legend to show */}
      <div
        className="surface"
        role="group"
        aria-label="Board"
        aria-describedby="board-keys"
        data-tool={tool}
        tabIndex={-1}
        ref={surface}
        onKeyDown={onKeyDown}
        onDoubleClick={onDoubleClick}
        {...pointer}
      >
        {shapes.map((shape) => (
          <ShapeView
            key={shape.id}
            shape={shape}
            at={held?.id === shape.id ? held : holds.get(shape.id)?.held}
            holder={holds.get(shape.id)?.user}
            chosen={shape.id === chosen?.id}
            editing={shape.id === editing}
            onChoose={choose}
            onEdited={edited}
          />
        ))}
        {drawn && (
          <div className="shape" data-kind={drawn.kind} data-color={drawn.color} style={placed(drawn)}>
            <div className="shape-body">
              <ShapeContent shape={drawn} />
            </div>
          </div>
        )}
        <Pointers />
      </div>
    </div>
  );
}

/** What the others hold, by shape. */
function useHolds(): ReadonlyMap<string, { readonly held: Held; readonly user: Presence['user'] }> {
  const others = useOthers();
  return useMemo(() => {
    const holds = others.flatMap(({ presence: { held, user } }) => (held ? [[held.id, { held, user }] as const] : []));
    return new Map(holds);
  }, [others]);
}
