import { afterEach, describe, expect, it } from 'vitest';
import { Deferred } from '../src/deferred.js';
import { TabGroup, type TabPlatform } from '../src/shared/leader.js';
import { Locks, tabPlatform, until } from './support/locks.js';

const tabs: Tab[] = [];
let run = 0;

/** A tab that writes down what it hears. */
class Tab {
  readonly heard: string[] = [];
  /** Who came and has not gone. A tab's last words may come after its lock was seen to be free. */
  readonly here = new Set<string>();
  readonly group: TabGroup;
  readonly kill: () => void;

  constructor(name: string, locks: Locks, more: Partial<TabPlatform> = {}) {
    const { kill, ...platform } = tabPlatform(locks);
    this.kill = kill;
    const listener = {
      lead: () => this.heard.push('lead'),
      follow: () => this.heard.push('follow'),
      hear: (_: string, data: unknown) => this.heard.push(`heard ${data}`),
      come: (tab: string) => this.here.add(tab),
      go: (tab: string) => this.here.delete(tab),
      pause: () => this.heard.push('pause'),
    };
    this.group = new TabGroup(name, listener, { ...platform, ...more });
    tabs.push(this);
  }
}

function profile(): () => Tab {
  const locks = new Locks();
  const name = `test/${++run}`;
  return () => new Tab(name, locks);
}

async function settled(list: readonly Tab[]): Promise<void> {
  await until(() => list.every((tab) => tab.group.isLed) && list.filter((tab) => tab.group.leads).length === 1);
}

afterEach(() => {
  for (const tab of tabs.splice(0)) tab.group.leave();
});

describe('the tabs of a profile', () => {
  it('have one leader, who knows all of them', async () => {
    const open = profile();
    const list = [open(), open(), open()];
    await settled(list);
    const leader = list.find((tab) => tab.group.leads) as Tab;
    await until(() => leader.here.size === 2);
    for (const tab of list) expect(tab.heard.filter((word) => word === 'lead' || word === 'follow')).toHaveLength(1);
  });

  it('let one who lives longer ask first: who waits for its turn leads only when that one is gone', async () => {
    const locks = new Locks();
    const name = `test/${++run}`;
    const come = new Deferred();
    const tab = new Tab(name, locks, { turn: come.promise });
    const elder = new Tab(name, locks);
    await elder.group.asked;
    come.resolve();
    await tab.group.asked;
    await settled([tab, elder]);
    expect(elder.group.leads).toBe(true);
    elder.kill();
    await until(() => tab.group.leads);
  });

  it('hear what the leader says, each what is for it, in order', async () => {
    const open = profile();
    const [first, second, third] = [open(), open(), open()];
    await settled([first, second, third]);
    await until(() => first.here.size === 2);
    for (let n = 0; n < 20; n++) first.group.send(n);
    first.group.send('yours', second.group.id);
    first.group.send('end');
    const said = (tab: Tab): string[] => tab.heard.filter((word) => word.startsWith('heard'));
    await until(() => [second, third].every((tab) => tab.heard.includes('heard end')));
    const all = [...Array(20).keys()].map((n) => `heard ${n}`);
    expect(said(second)).toEqual([...all, 'heard yours', 'heard end']);
    expect(said(third)).toEqual([...all, 'heard end']);
    expect(said(first)).toEqual([]);
  });

  it('are led by the next one when the leader leaves, and by the next when that one dies', async () => {
    const open = profile();
    const [first, second, third] = [open(), open(), open()];
    await settled([first, second, third]);
    first.group.leave();
    await until(() => second.heard.includes('lead'));
    await until(() => third.heard.filter((word) => word === 'follow').length === 2);
    second.kill();
    await until(() => third.heard.includes('lead'));
    expect(third.heard.filter((word) => word === 'lead')).toHaveLength(1);
  });

  it('are told to the leader when they go, and when they die', async () => {
    const open = profile();
    const [first, second, third] = [open(), open(), open()];
    const here = (tab: Tab): boolean => first.here.has(tab.group.id);
    await until(() => here(second) && here(third));
    second.group.leave();
    await until(() => !here(second));
    expect(here(third)).toBe(true);
    third.kill();
    await until(() => !here(third));
  });

  it('wait for nobody where the browser has no locks or no channels', async () => {
    for (const platform of [
      { locks: undefined, Channel: BroadcastChannel },
      { locks: new Locks() as unknown as LockManager, Channel: undefined },
    ]) {
      const heard: string[] = [];
      const note = (word: string) => () => heard.push(word);
      const listener = {
        lead: note('lead'),
        follow: note('f'),
        hear: note('h'),
        come: note('c'),
        go: note('g'),
        pause: note('p'),
      };
      const group = new TabGroup(`test/${++run}`, listener, platform);
      await until(() => group.leads);
      group.send('nobody');
      expect(heard).toEqual(['lead']);
      group.leave();
    }
  });

  it('that left before they were led hear nothing more', async () => {
    const open = profile();
    const tab = open();
    tab.group.leave();
    const next = open();
    await until(() => next.group.leads);
    expect(tab.heard).toEqual([]);
  });
});
