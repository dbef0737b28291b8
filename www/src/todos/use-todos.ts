import type { ObjectRef } from 'rejoin';
import { useMutation } from 'rejoin/react';
import { indexIn } from '../index-in';
import { randomId } from '../person';
import type { DemoRoom, TodoFields } from '../schema';

/** What can be done to the shared list. Tasks have ids: others may move them while a finger is on its way. */
export interface TodoActions {
  readonly add: (text: string) => void;
  readonly toggle: (id: string, done: boolean) => void;
  readonly edit: (id: string, text: string) => void;
  readonly remove: (id: string) => void;
}

/** The actions of this room. */
export function useTodoActions(): TodoActions {
  return {
    add: useMutation(({ root }, text: string) => root.get('todos').push({ id: randomId(), text, done: false }), []),
    toggle: useMutation(({ room }, id: string, done: boolean) => find(room, id)?.set('done', done), []),
    edit: useMutation(({ room }, id: string, text: string) => find(room, id)?.set('text', text), []),
    remove: useMutation(({ room }, id: string) => {
      const index = indexIn(room, 'todos', id);
      if (index >= 0) room.root.get('todos').delete(index);
    }, []),
  };
}

function find(room: DemoRoom, id: string): ObjectRef<TodoFields> | null {
  const index = indexIn(room, 'todos', id);
  return index >= 0 ? room.root.get('todos').at(index) : null;
}
