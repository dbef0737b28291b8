import type { ObjectRef } from 'rejoin';
import { useDoc, useMutation } from 'rejoin/react';
import { indexIn } from '../index-in';
import { randomId } from '../person';
import type { DemoRoom } from '../schema';
import type { Box, Shape, shapeFields } from './shape';
import { readShape } from './shape';

/** What can be done to the shapes. They have ids: others may put some below while a hand is on its way. */
export interface ShapeActions {
  /** Puts a shape on top; returns its id. */
  readonly add: (shape: Omit<Shape, 'id'>) => string;
  readonly place: (id: string, box: Box) => void;
  readonly paint: (id: string, color: Shape['color']) => void;
  readonly remove: (id: string) => void;
}

/** The shapes of the room, the lowest first. */
export function useShapes(): readonly Shape[] {
  const shapes = useDoc((doc) => doc.shapes) ?? [];
  return shapes.map(readShape).filter((shape) => shape !== null);
}

/** The actions of this room. */
export function useShapeActions(): ShapeActions {
  const push = useMutation(({ root }, shape: Shape) => root.get('shapes').push(shape), []);
  return {
    add: (shape) => {
      const id = randomId();
      push({ ...shape, id });
      return id;
    },
    place: useMutation(({ room }, id: string, { x, y, w, h }: Box) => find(room, id)?.update({ x, y, w, h }), []),
    paint: useMutation(({ room }, id: string, color: Shape['color']) => find(room, id)?.set('color', color), []),
    remove: useMutation(({ room }, id: string) => {
      const index = indexIn(room, 'shapes', id);
      if (index >= 0) room.root.get('shapes').delete(index);
    }, []),
  };
}

function find(room: DemoRoom, id: string): ObjectRef<typeof shapeFields> | null {
  const index = indexIn(room, 'shapes', id);
  return index >= 0 ? room.root.get('shapes').at(index) : null;
}
