import type { CSSProperties, ReactElement } from 'react';
import { useOthers } from 'rejoin/react';
import { inkOn } from '../color';
import { BOARD } from './shape';
import { placed } from './shape-view';

/** From here on a name has no room to the right. */
const EDGE = BOARD.w * 0.8;

/** The hands of the others. */
export function Pointers(): ReactElement {
  const others = useOthers();
  return (
    <div aria-hidden="true">
      {others.map(({ connectionId, presence: { pointer, user } }) => {
        if (!pointer) return null;
        const { left, top } = placed({ ...pointer, w: 0, h: 0 });
        const style = { left, top, '--who': user.color, '--letters': inkOn(user.color) } as CSSProperties;
        return (
          <span key={connectionId} className="pointer" data-edge={pointer.x > EDGE} style={style}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M2 1.5 13.5 7 8.4 8.6 6.6 14z" />
            </svg>
            <span className="pointer-name">{user.name}</span>
          </span>
        );
      })}
    </div>
  );
}
