/** One part of the page. */
export interface Tab {
  readonly id: TabId;
  readonly title: string;
  /** One sentence on what to try. */
  readonly lead: string;
  /** Whether it needs the others directly, not only by the server. */
  readonly direct?: true;
}

/** Name of a part, as in the address. */
export type TabId = 'write' | 'model' | 'talk' | 'cards' | 'draw' | 'meet' | 'board';

/** The parts of the page, in order. */
export const TABS: readonly Tab[] = [
  {
    id: 'write',
    title: 'Editor',
    lead: 'Open this page in a second window. Cut the link in one, write in both, mend it: nothing is lost.',
  },
  {
    id: 'model',
    title: 'LLM chat',
    lead: 'Ask, and everybody in the room sees the answer typed. Cut it in the middle: it goes on with the next word.',
  },
  {
    id: 'talk',
    title: 'Chat room',
    lead: 'Write with the link cut, reload, mend it: each message arrives once, and you see when.',
  },
  {
    id: 'cards',
    title: 'Cards',
    lead: 'Move a card in one window while you write on it in the other: both happen. Undo takes back only what you did.',
  },
  {
    id: 'draw',
    title: 'Whiteboard',
    lead: 'Draw in two windows. Cut the link with the server, or that with the peers: the other one carries on.',
    direct: true,
  },
  {
    id: 'meet',
    title: 'Video room',
    lead: 'Join in two windows and see each other, without a media server. Cut the link: the video goes on.',
    direct: true,
  },
  {
    id: 'board',
    title: 'Dashboard',
    lead: 'A thousand events a second, drawn once a frame. Cut the link: what was missed is caught up with.',
  },
];

/** The part of that name, or the first. */
export function tabOf(id: string | null): Tab {
  const [first] = TABS as readonly [Tab];
  return TABS.find((tab) => tab.id === id) ?? first;
}
