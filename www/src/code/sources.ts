import type { TabId } from '../tabs/tabs';

/** A file of the demo. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

const FILES = import.meta.glob<string>(
  [
    '../editor/editor.tsx',
    '../page/undo-buttons.tsx',
    '../todos/use-todos.ts',
    '../versions/use-versions.ts',
    '../model/use-answer.ts',
    '../talk/use-{talk,readers}.ts',
    '../cards/{card,use-cards}.ts',
    '../draw/{use-shapes.ts,pointers.tsx}',
    '../files/use-files.ts',
    '../meet/use-{meeting,speaking}.ts',
    '../board/use-readings.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
);

const FOLDERS: Record<TabId, readonly string[]> = {
  write: ['editor', 'page', 'todos', 'versions'],
  model: ['model'],
  talk: ['talk'],
  cards: ['cards'],
  draw: ['draw', 'files'],
  meet: ['meet'],
  board: ['board'],
};

/** Of a part of the page what shows best how it uses rejoin; hands, keys and looks are in its other files. */
export function sourcesOf(tab: TabId): readonly Source[] {
  return Object.entries(FILES)
    .map(([path, text]) => ({ name: path.replace('../', ''), text }))
    .filter(({ name }) => FOLDERS[tab].includes(name.split('/')[0] ?? ''));
}
