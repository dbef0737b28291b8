import { type KeyboardEvent, type ReactElement, useEffect, useRef } from 'react';
import { TABS, type Tab } from './tabs';

interface TabListProps {
  readonly current: Tab;
  readonly onChoose: (tab: Tab) => void;
}

/** The row of tabs. One stop of the Tab key; arrows, Home and End choose, as in the ARIA practices. */
export function TabList({ current, onChoose }: TabListProps): ReactElement {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the row scrolls.
    list.current?.querySelector(`#${tabElement(current)}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = neighbour(current, event.key);
    if (!next) return;
    event.preventDefault();
    onChoose(next);
    list.current?.querySelector<HTMLElement>(`#${tabElement(next)}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Demos" ref={list} onKeyDown={onKeyDown}>
      {TABS.map((tab) => (
        <button
          type="button"
          role="tab"
          key={tab.id}
          id={tabElement(tab)}
          aria-selected={tab === current}
          aria-controls={panelElement(tab)}
          tabIndex={tab === current ? 0 : -1}
          onClick={() => onChoose(tab)}
        >
          {tab.title}
        </button>
      ))}
    </div>
  );
}

/** Id of the tab's element. */
export function tabElement({ id }: Tab): string {
  return `tab-${id}`;
}

/** Id of the element with the tab's content. */
export function panelElement({ id }: Tab): string {
  return `panel-${id}`;
}

function neighbour(current: Tab, key: string): Tab | undefined {
  const at = TABS.indexOf(current);
  switch (key) {
    case 'ArrowRight':
      return TABS[(at + 1) % TABS.length];
    case 'ArrowLeft':
      return TABS.at(at - 1);
    case 'Home':
      return TABS[0];
    case 'End':
      return TABS.at(-1);
    default:
      return undefined;
  }
}
