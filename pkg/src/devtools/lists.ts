import type { ErrorCode } from '../errors.js';
import { ADVICE } from './advice.js';
import { element, setChildren } from './element.js';
import { Mark } from './facts.js';
import type { Part } from './fold.js';
import type { Entry, Fault, Journal } from './journal.js';
import type { DevtoolsLink } from './types.js';
import { clock, countdown, linkWords, toneOf } from './words.js';

/** The last errors, newest first: what they say, and what to do. */
export function faultList(journal: Journal, docs: ((code: ErrorCode) => string) | undefined): Part {
  return listOf<Fault>(
    () => journal.faults,
    ({ error, at, times }) => {
      const again = times > 1 ? ` ${times} times` : '';
      const where = error.room === undefined ? '' : ` ${error.room}`;
      const place = docs ? link(docs(error.code), error.docs) : element('code', {}, error.docs);
      return element(
        'li',
        { class: 'fault' },
        element('time', {}, clock(at)),
        `${where}${again} `,
        element('p', { class: 'words' }, error.message),
        element('p', {}, ADVICE[error.code]),
        element('p', { class: 'docs' }, place),
      );
    },
  );
}

/** What happened, newest first. */
export function entryList(journal: Journal): Part {
  return listOf<Entry>(
    () => [...journal.entries].reverse(),
    ({ at, topic, where, words }) =>
      element(
        'li',
        { 'data-topic': topic },
        element('time', {}, clock(at)),
        ' ',
        element('span', { class: 'topic' }, where === null ? topic : `${topic} ${where}`),
        ` ${words}`,
      ),
  );
}

/** Streams and sockets. */
export function linkList(links: ReadonlyMap<string, DevtoolsLink>): Part {
  const rows = [...links].map(([name, { state }]) => {
    const mark = new Mark();
    const row = element('li', { class: 'line' }, element('span', { class: 'name' }, name), mark.element);
    const update = (): void => {
      const now = state.getSnapshot();
      const next = now.nextRetryAt === null ? '' : `, next try ${countdown(now.nextRetryAt, Date.now())}`;
      mark.set(`${linkWords(now)}${next}`, toneOf(now.status));
    };
    return { row, update };
  });
  return {
    element: element('ul', { class: 'links' }, ...rows.map(({ row }) => row)),
    update: () => {
      for (const { update } of rows) update();
    },
  };
}

/** A list of things that never change; each is drawn once. */
function listOf<T extends object>(all: () => readonly T[], draw: (item: T) => HTMLElement): Part {
  const drawn = new WeakMap<T, HTMLElement>();
  const list = element('ol');
  const item = (one: T): HTMLElement => {
    const made = drawn.get(one) ?? draw(one);
    drawn.set(one, made);
    return made;
  };
  const none = element('li', { class: 'none' }, 'None.');
  return {
    element: list,
    update: () => {
      const items = all().map(item);
      setChildren(list, items.length > 0 ? items : [none]);
    },
  };
}

function link(address: string, words: string): HTMLElement {
  return element('a', { href: address, target: '_blank', rel: 'noreferrer' }, words);
}
