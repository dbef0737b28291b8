import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { messagesOf, presenceMessage, presenceOf } from '../src/shared/frames.js';
import { type RealSocket, Trunk, type TrunkEvent } from '../src/shared/trunk.js';

type Bytes = Uint8Array<ArrayBuffer>;
const sync = (kind: number, ...payload: number[]): Bytes => Uint8Array.from([0, kind, payload.length, ...payload]);
const ask = (n: number): Bytes => sync(0, n);
const answer = (n: number): Bytes => sync(1, n);
const update = (n: number): Bytes => sync(2, n);
const here = (client: number, clock: number): Bytes => presenceMessage([{ client, clock, state: `{"n":${client}}` }]);
const gone = (client: number, clock: number): Bytes => presenceMessage([{ client, clock, state: null }]);

/** The network's end of a socket, played by the test. */
class Wire extends EventTarget {
  readonly sent: Bytes[] = [];
  readonly closed: number[] = [];
  protocol = 'rejoin';
  binaryType: BinaryType = 'blob';
  send(bytes: Bytes): void {
    this.sent.push(bytes.slice());
  }
  close(code = 1000): void {
    this.closed.push(code);
  }
  say(...messages: Bytes[]): void {
    const data = Uint8Array.from(messages.flatMap((bytes) => [...bytes])).buffer;
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

let wire: Wire;
let told: TrunkEvent[];
let trunk: Trunk;

/** What a member was told since the last look. */
function heard(id: string): (string | number[])[] {
  const list = told.filter(({ to }) => to.includes(id));
  return list.map((event) =>
    'bytes' in event ? [...(event.type === 'relay' ? [99] : []), ...event.bytes] : event.type,
  );
}

beforeEach(() => {
  wire = new Wire();
  told = [];
  trunk = new Trunk(
    wire as unknown as RealSocket,
    (event) => told.push(event),
    () => {},
  );
  for (const id of ['a/1', 'b/1', 'c/1']) trunk.add(id);
  wire.dispatchEvent(new Event('open'));
  told.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a socket that tabs share', () => {
  it('tells who comes later what the server last said of itself, and takes answers to that to the server alone', () => {
    const greeting = (access: number): Bytes => Uint8Array.from([125, 3, 16, 5, access]);
    wire.say(Uint8Array.from([0, 0, 1, 0, ...greeting(0)]));
    wire.say(greeting(1));
    wire.say(Uint8Array.from([125, 4, 17, 2, 110, 111]));
    trunk.add('late/1');
    expect(heard('late/1')).toEqual(['open', [...greeting(1)]]);
    told.length = 0;
    trunk.send('late/1', Uint8Array.from([125, 1, 1]));
    expect(wire.sent.at(-1)).toEqual(Uint8Array.from([125, 1, 1]));
    for (const id of ['a/1', 'b/1', 'c/1']) expect(heard(id)).toEqual([]);
  });

  it('shows tokens to the server and to no other tab, and tells all how long the link may stay', () => {
    const token = (...body: number[]): Bytes => Uint8Array.from([121, body.length, ...body]);
    trunk.send('a/1', token(1));
    trunk.send('b/1', token(2, 1, 120));
    expect(wire.sent).toEqual([token(1), token(2, 1, 120)]);
    expect(told).toEqual([]);
    wire.say(token(129, 1, 0));
    for (const id of ['a/1', 'b/1', 'c/1']) expect(heard(id)).toEqual([[...token(129, 1, 0)]]);
  });

  it("gives the server's frames to all and its answer to who asked, one question at a time", () => {
    trunk.send('a/1', ask(1));
    trunk.send('b/1', ask(2));
    trunk.send('c/1', ask(3));
    expect(wire.sent).toEqual([ask(1)]);
    wire.say(update(7), answer(10), update(8));
    expect(heard('a/1')).toEqual([[...update(7)], [...answer(10)], [...update(8)]]);
    expect(heard('b/1')).toEqual([[...update(7)], [...update(8)]]);
    told.length = 0;
    expect(wire.sent).toEqual([ask(1), ask(2)]);
    wire.say(answer(20));
    wire.say(answer(30));
    expect([heard('a/1'), heard('b/1'), heard('c/1')]).toEqual([[], [[...answer(20)]], [[...answer(30)]]]);
  });

  it('asks only the latest question of a member, and lets one that asks often wait its turn', () => {
    trunk.send('a/1', ask(1));
    trunk.send('a/1', ask(2));
    trunk.send('a/1', ask(3));
    trunk.send('b/1', ask(4));
    wire.say(answer(1));
    trunk.send('a/1', ask(5));
    wire.say(answer(4));
    wire.say(answer(5));
    expect(wire.sent).toEqual([ask(1), ask(4), ask(5)]);
  });

  it('gives an answer that comes late to nobody as his own, and to all as an update', () => {
    vi.useFakeTimers();
    trunk.send('a/1', ask(1));
    trunk.send('b/1', ask(2));
    vi.advanceTimersByTime(5_000);
    expect(wire.sent).toEqual([ask(1), ask(2)]);
    wire.say(answer(10));
    for (const id of ['a/1', 'b/1', 'c/1']) expect(heard(id)).toEqual([[...update(10)]]);
    told.length = 0;
    wire.say(answer(20));
    expect([heard('a/1'), heard('b/1'), heard('c/1')]).toEqual([[], [[...answer(20)]], []]);
  });

  it('gives answers to who asked again after a question that the server left out', () => {
    vi.useFakeTimers();
    trunk.send('a/1', ask(1));
    vi.advanceTimersByTime(5_000);
    trunk.send('b/1', ask(2));
    wire.say(answer(20));
    expect(heard('b/1')).toEqual([[...update(20)]]);
    vi.advanceTimersByTime(10_000);
    told.length = 0;
    trunk.send('b/1', ask(3));
    wire.say(answer(30));
    expect([heard('a/1'), heard('b/1')]).toEqual([[], [[...answer(30)]]]);
  });

  it('waits longer after each late answer, and as long as at first after one in time', () => {
    vi.useFakeTimers();
    trunk.send('a/1', ask(1));
    vi.advanceTimersByTime(5_000);
    wire.say(answer(1));
    trunk.send('a/1', ask(2));
    wire.say(answer(2));
    trunk.send('a/1', ask(3));
    trunk.send('b/1', ask(4));
    vi.advanceTimersByTime(5_000);
    expect(wire.sent).toEqual([ask(1), ask(2), ask(3), ask(4)]);
  });

  it('drops the answer for who has left meanwhile and asks the next question', () => {
    trunk.send('a/1', ask(1));
    trunk.send('b/1', ask(2));
    trunk.remove('a/1', 1000, '');
    wire.say(answer(1));
    expect(wire.sent).toEqual([ask(1), ask(2)]);
    wire.say(answer(2));
    expect(heard('b/1')).toEqual([[...answer(2)]]);
  });

  it('relays what a tab says to the others, not to itself, and as a relay', () => {
    trunk.send('a/1', update(1));
    trunk.send('b/1', sync(1, 5));
    trunk.send('c/1', here(30, 1));
    expect(wire.sent).toEqual([update(1), sync(1, 5), here(30, 1)]);
    expect(heard('a/1')).toEqual([
      [99, ...sync(1, 5)],
      [99, ...here(30, 1)],
    ]);
    expect(heard('b/1')).toEqual([
      [99, ...update(1)],
      [99, ...here(30, 1)],
    ]);
  });

  it('keeps an introduction behind the question it belongs to', () => {
    trunk.send('a/1', ask(1));
    trunk.send('b/1', ask(2));
    trunk.send('b/1', here(20, 1));
    expect(wire.sent).toEqual([ask(1)]);
    wire.say(answer(1));
    expect(wire.sent).toEqual([ask(1), ask(2), here(20, 1)]);
  });

  it('tells who comes later who is here, and nobody who went', () => {
    trunk.send('a/1', here(10, 3));
    wire.say(here(77, 5), here(78, 1));
    wire.say(gone(78, 1));
    told.length = 0;
    trunk.add('d/1');
    const [opened, people] = told;
    expect(opened).toMatchObject({ type: 'open', to: ['d/1'], protocol: 'rejoin' });
    const entries = presenceOf(messagesOf((people as { bytes: Bytes }).bytes)[0]?.payload as Bytes);
    expect(entries.map(({ client, clock }) => [client, clock])).toEqual([
      [10, 3],
      [77, 5],
    ]);
  });

  it('says farewell for a tab that went, each id by itself, to the server and to the others', () => {
    trunk.send('a/1', here(10, 3));
    trunk.add('a/2');
    trunk.send('a/2', here(11, 1));
    [wire.sent.length, told.length] = [0, 0];
    trunk.removeTab('a/');
    expect(wire.sent).toEqual([gone(10, 3), gone(11, 1)]);
    expect(heard('b/1')).toEqual([
      [99, ...gone(10, 3)],
      [99, ...gone(11, 1)],
    ]);
    expect(wire.closed).toEqual([]);
  });

  it('says no farewell for who said it already', () => {
    trunk.send('a/1', here(10, 3));
    trunk.send('a/1', gone(10, 4));
    wire.sent.length = 0;
    trunk.remove('a/1', 1000, '');
    expect(wire.sent).toEqual([]);
  });

  it('is dead for all when one finds it dead, and closes with the last', () => {
    trunk.remove('a/1', 4000, '');
    expect(wire.closed).toEqual([4000]);
    expect(told).toEqual([{ type: 'close', to: ['b/1', 'c/1'], code: 1006, reason: '', clean: false }]);
    const second = new Wire();
    const other = new Trunk(
      second as unknown as RealSocket,
      () => {},
      () => {},
    );
    other.add('a/1');
    other.add('b/1');
    other.remove('a/1', 1000, '');
    expect(second.closed).toEqual([]);
    other.remove('b/1', 4901, 'x');
    expect(second.closed).toEqual([4901]);
  });

  it('sends who speaks a dialect of its own link to a socket of its own, and the frame nowhere', () => {
    trunk.send('a/1', Uint8Array.from([120, 1, 0]));
    expect(wire.sent).toEqual([]);
    expect(told).toEqual([{ type: 'alone', to: ['a/1'] }]);
    expect(trunk.has('a/1')).toBe(false);
  });

  it('passes on every byte of frames it does not understand', () => {
    for (const frame of [
      [],
      [9, 1, 2],
      [0],
      [0, 1, 200],
      [1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
      [0, 7, 1],
    ]) {
      told.length = 0;
      wire.say(Uint8Array.from(frame));
      expect(heard('a/1')).toEqual([frame]);
    }
  });
});
