import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withDialect } from '../src/dialect.js';
import { addressOf, baseOf } from '../src/hocuspocus/address.js';
import { hocuspocus } from '../src/hocuspocus.js';
import type { ClientOptions } from '../src/options.js';
import type { Schema } from '../src/schema.js';
import { FakeCore, FakeWebSocket, frame, text, world } from './support/hocuspocus.js';

beforeEach(() => vi.stubGlobal('WebSocket', FakeWebSocket));

afterEach(() => {
  FakeWebSocket.all.length = 0;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const question = [0, 0, 1, 0];
const update = [0, 2, 2, 0, 0];
const presence = [1, 1, 0];
const admitted = [121, 3, 129, 1, 0];
/** Fresh ones are taken, and one is due: in a second, and then until a minute has passed. */
const wanted = [121, 4, 129, 1, 226, 9];
const wantedOn = [121, 5, 129, 1, 224, 212, 3];
const mayWrite = [125, 3, 16, 0, 0];
const mayRead = [125, 3, 16, 0, 1];
const authenticated = [2, 2, ...text('read-write')];

test.each([
  ['wss://host/collab', 'wss://host/collab'],
  ['ws://host/', 'ws://host/'],
  ['https://host/collab/?v=1&auth=message#top', 'wss://host/collab/?v=1&auth=message'],
])('a room of %s is told from the address, whatever it is called, with a token and without', (given, url) => {
  for (const document of ['notes', 'team/a b', 'ü#?%2F&']) {
    const path = encodeURIComponent(document).replaceAll('%2F', '/');
    const [head = '', query] = baseOf(given).split('?');
    const completed = `${head.replace(/\/$/, '')}/${path}${query === undefined ? '' : `?${query}`}`;
    expect(addressOf(completed)).toEqual({ url, document, showsToken: false });
    const [server, fragment] = completed.split('#');
    expect(addressOf(`${server}?auth=message#${fragment}`)).toEqual({ url, document, showsToken: true });
  }
});

test('without a token an empty one goes first, and the rest waits until the server lets in', () => {
  const { open, core } = world();
  const room = core('notes');
  const socket = open();
  expect(room.events).toEqual(['open']);
  room.say(question);
  room.say(presence);
  expect(socket.sent).toEqual([frame('notes', 2, 0, ...text(''), ...text('rejoin'))]);
  socket.hears(frame('notes', ...authenticated));
  expect(room.heard).toEqual([admitted, mayWrite]);
  expect(socket.sent.slice(1)).toEqual([frame('notes', ...question), frame('notes', ...presence)]);
  room.say(update);
  expect(socket.sent.at(-1)).toEqual(frame('notes', ...update));
});

test('a token goes first, is shown again in place, and is asked for again where the server wants it', () => {
  const { open, core } = world();
  const room = core('notes', { showsToken: true });
  const socket = open();
  expect(socket.sent).toEqual([]);
  room.say([121, 5, 2, ...text('one')]);
  socket.hears(frame('notes', 2, 2, ...text('readonly')));
  expect(room.heard).toEqual([admitted, mayRead]);
  room.say([121, 5, 2, ...text('two')]);
  const tokens = ['one', 'two'].map((token) => frame('notes', 2, 0, ...text(token), ...text('rejoin')));
  expect(socket.sent).toEqual(tokens);
  room.heard.length = 0;
  socket.hears(frame('notes', ...update));
  socket.hears(frame('notes', 2, 0));
  expect(room.heard).toEqual([admitted, update, wanted, wantedOn]);
});

test('a token that the server wants is wanted until one is shown: told by and by, and only behind a word of the server', () => {
  vi.useFakeTimers();
  const { open, core } = world();
  const room = core('notes', { showsToken: true });
  const socket = open();
  room.say([121, 5, 2, ...text('one')]);
  socket.hears(frame('notes', ...authenticated));
  socket.hears(frame('notes', 2, 0));
  const hears = (after: number): unknown[] => {
    room.heard.length = 0;
    vi.advanceTimersByTime(after);
    expect(room.heard).toEqual([]);
    socket.hears(frame('notes', ...presence));
    return room.heard;
  };
  expect(hears(29_999)).toEqual([presence]);
  expect(hears(1)).toEqual([wantedOn, presence]);
  expect(hears(29_999)).toEqual([presence]);
  expect(hears(60_000)).toEqual([wantedOn, presence]);
  room.say([121, 5, 2, ...text('two')]);
  expect(hears(90_000)).toEqual([admitted, presence]);
  expect(hears(90_000)).toEqual([presence]);
});

test('of questions that wait to be let in the last is asked, once, at the place of the first', () => {
  const { open, core } = world();
  const room = core('notes');
  const socket = open();
  for (const words of [question, presence, [0, 0, 2, 7, 7], update, [0, 0, 3, 1, 8, 8]]) room.say(words);
  const before = socket.sent.length;
  socket.hears(frame('notes', ...authenticated));
  expect(socket.sent.slice(before)).toEqual(
    [[0, 0, 3, 1, 8, 8], presence, update].map((words) => frame('notes', ...words)),
  );
});

test('who shows no token answers with an empty one', () => {
  const { open, core } = world();
  core('notes');
  const socket = open();
  socket.hears(frame('notes', ...authenticated));
  socket.hears(frame('notes', 2, 0));
  expect(socket.sent).toHaveLength(2);
  expect(socket.sent[1]).toEqual(socket.sent[0]);
});

test('frames of several rooms go each to its own, over one socket, and those of no room to nobody', () => {
  const { open, core } = world();
  const [one, two] = [core('one'), core('two')];
  const socket = open();
  for (const name of ['one', 'two']) socket.hears(frame(name, ...authenticated));
  one.heard.length = 0;
  two.heard.length = 0;
  socket.hears(frame('two', ...update));
  socket.hears(frame('one', ...presence));
  socket.hears(frame('two', 3));
  socket.hears(frame('three', ...update));
  expect([one.heard, two.heard]).toEqual([[presence], [update, [3]]]);
  two.say(update);
  expect(socket.sent.at(-1)).toEqual(frame('two', ...update));
  const later = core('later');
  expect(FakeWebSocket.all).toHaveLength(1);
  expect(later.events).toEqual([]);
});

test('what our own dialects say never reaches the server, and nothing is heard that it did not say', async () => {
  const { open, core } = world();
  const room = core('notes', { showsToken: true });
  const socket = open();
  room.say([121, 5, 2, ...text('one')]);
  socket.hears(frame('notes', 2, 2, ...text('readonly')));
  const before = socket.sent.length;
  room.heard.length = 0;
  const chat = [120, 2, 0, 1];
  for (const words of [
    chat,
    [122, ...text('{}')],
    [123, 1, 0],
    [125, 1, 1],
    [125, 1, 2],
    [125, 4, 3, 9, 1, 0],
    [121, 1, 1],
    [3],
  ])
    room.say(words);
  expect(socket.sent).toHaveLength(before);
  room.say([121, 5, 2, ...text('two')]);
  room.say(question);
  await new Promise((resolve) => setTimeout(resolve));
  expect(room.heard).toEqual([]);
});

test('an update that is not applied is refused, one that is says nothing: its content acknowledges', () => {
  const { open, core } = world();
  const room = core('notes');
  const socket = open();
  socket.hears(frame('notes', ...authenticated));
  room.heard.length = 0;
  socket.hears(frame('notes', 8, 1));
  expect(room.heard).toEqual([]);
  socket.hears(frame('notes', 8, 0));
  expect(room.heard[0]?.slice(0, 3)).toEqual([125, room.heard[0]?.[1], 17]);
});

test.each([
  ['permission-denied', true, false, 4401],
  ['token expired', true, false, 4401],
  ['Forbidden', true, false, 4403],
  ['permission-denied', false, false, 4403],
  ['permission-denied', true, true, 1011],
])(
  'a denial (%s) with a token: %s, let in before: %s, ends that room alone with %d',
  (reason, showsToken, letIn, code) => {
    const { open, core } = world();
    const [other, room] = [core('other'), core('notes', { showsToken })];
    const socket = open();
    socket.hears(frame('other', ...authenticated));
    if (showsToken) room.say([121, 5, 2, ...text('one')]);
    if (letIn) socket.hears(frame('notes', ...authenticated));
    socket.hears(frame('notes', 2, 1, ...text(reason)));
    expect(room.closed).toMatchObject({ code, reason: expect.stringContaining(reason) });
    expect(other.closed).toBeNull();
    expect(socket.closedWith).toBeNull();
    core('notes');
    expect(FakeWebSocket.all).toHaveLength(2);
  },
);

test.each([
  ['Reset Connection', 4205],
  ['Connection Timeout', 4408],
  ['Unauthorized', 4401],
  ['Forbidden', 4403],
  ['Message Too Big', 1009],
  ['constructor', 4205],
  ['', 4205],
])('a document that the server closes (%s) ends with %d, and comes back on the same socket', async (reason, code) => {
  const { open, core } = world();
  const [other, room] = [core('other'), core('notes')];
  const socket = open();
  for (const name of ['other', 'notes']) socket.hears(frame(name, ...authenticated));
  socket.hears(frame('notes', 7, ...text(reason)));
  expect(room.closed).toMatchObject({ code, reason });
  expect(other.closed).toBeNull();
  const again = core('notes');
  await null;
  expect(again.events).toEqual(['open']);
  expect(FakeWebSocket.all).toHaveLength(1);
});

test('a room that is left says so, and is entered anew on the same socket only once the server has confirmed that', () => {
  const { open, core } = world();
  const [room] = [core('notes'), core('other')];
  const socket = open();
  room.socket.close(1000, '');
  expect(socket.sent.at(-1)).toEqual(frame('notes', 7));
  core('notes').socket.close(1000, '');
  expect(FakeWebSocket.all).toHaveLength(2);
  expect(FakeWebSocket.all[1]?.closedWith).toBe(1000);
  socket.hears(frame('notes', 7, ...text('provider_initiated')));
  core('notes');
  expect(FakeWebSocket.all).toHaveLength(2);
  expect(room.closed).toBeNull();
});

test('the last room to go closes the socket, with its own code', () => {
  const { open, core } = world();
  const rooms = [core('one'), core('two')];
  const socket = open();
  rooms[0]?.socket.close(1000, '');
  expect(socket.closedWith).toBeNull();
  rooms[1]?.socket.close(4901, 'the page rests');
  expect(socket.closedWith).toBe(4901);
  core('one');
  expect(FakeWebSocket.all).toHaveLength(2);
});

test('a close of the socket that refuses somebody is for who was not let in yet; any other is for all', () => {
  for (const [code, heard] of [
    [4403, [1006, 4403]],
    [4401, [1006, 4401]],
    [4408, [4408, 4408]],
    [1006, [1006, 1006]],
    [1012, [1012, 1012]],
  ] as const) {
    const { open, core } = world();
    const rooms = [core('one'), core('two')];
    const socket = open();
    socket.hears(frame('one', ...authenticated));
    socket.dies(code);
    expect(rooms.map(({ closed }) => closed?.code)).toEqual(heard);
  }
  const { open, core } = world();
  const rooms = [core('one'), core('two')];
  open().dies(4403);
  expect(rooms.map(({ closed }) => closed?.code)).toEqual([4403, 4403]);
});

test('a frame that was too large is told to who sent the largest', () => {
  const { open, core } = world();
  const rooms = [core('one'), core('two'), core('three')];
  const socket = open();
  for (const name of ['one', 'two', 'three']) socket.hears(frame(name, ...authenticated));
  rooms[1]?.say([0, 2, 100, ...new Array(100).fill(0)]);
  rooms[2]?.say(update);
  socket.dies(1009);
  expect(rooms.map(({ closed }) => closed?.code)).toEqual([1006, 1009, 1006]);
});

test('a room that gives up a dead link goes alone: others may wait for a large answer; nobody new comes, the last closes it', () => {
  vi.useFakeTimers();
  const { open, core } = world();
  const [one, two, three] = [core('one'), core('two'), core('three')];
  const socket = open();
  for (const name of ['one', 'two', 'three']) socket.hears(frame(name, ...authenticated));
  two.say(question);
  socket.hears(frame('two', 0, 1, 2, 0, 0));
  three.say(question);
  const before = socket.sent.length;
  one.socket.close(4000, '');
  vi.advanceTimersByTime(60_000);
  expect(socket.sent.slice(before)).toEqual([frame('one', 7)]);
  expect([two.closed, three.closed, socket.closedWith]).toEqual([null, null, null]);
  core('four');
  expect(FakeWebSocket.all).toHaveLength(2);
  socket.hears(frame('three', 0, 1, 2, 0, 0));
  expect(three.heard.at(-1)).toEqual([0, 1, 2, 0, 0]);
  two.socket.close(1000, '');
  three.socket.close(4000, '');
  expect(socket.closedWith).toBe(4000);
});

test('a ping is answered, a pong is not, and nothing is ever said unasked or as text', () => {
  const { open, core } = world();
  core('notes');
  const socket = open();
  const before = socket.sent.length;
  socket.hears([10]);
  expect(socket.sent).toHaveLength(before);
  socket.hears([9]);
  expect(socket.sent.slice(before)).toEqual([[10]]);
});

test('no more than fifty rooms wait on a socket to be let in', () => {
  const { core } = world();
  for (let index = 0; index < 51; index++) core(`room ${index}`);
  expect(FakeWebSocket.all).toHaveLength(2);
});

/** By statement, what the room hears when it is cut after so many of its bytes: `null` for nothing. */
const cuts: readonly (readonly [statement: readonly number[], ends: readonly (number | null)[]])[] = [
  // What one may do may be missing.
  [authenticated, [1002, 1002, null, ...new Array(10).fill(1002)]],
  [
    [2, 1, ...text('no')],
    [1002, 1002, 1002, 1002, 1002],
  ],
  [
    [5, ...text('words')],
    [1002, 1002, 1002, 1002, 1002, 1002, 1002],
  ],
  // So may a reason.
  [
    [7, ...text('bye')],
    [1002, 4205, 1002, 1002, 1002],
  ],
  [
    [8, 1],
    [1002, 1002],
  ],
  [
    [2, 0],
    [1002, 1002],
  ],
  [
    [2, 9],
    [1002, 1002],
  ],
  [
    [99, 1],
    [1002, null],
  ],
];

test.each(cuts)('%j, cut at each byte, ends the room it is for, or all if it is for none', (statement, ends) => {
  const heard = (bytes: readonly number[]): unknown[] => {
    const { open, core } = world();
    const rooms = [core('notes'), core('other')];
    open().hears(bytes);
    return rooms.map(({ closed }) => closed?.code ?? null);
  };
  const bytes = frame('notes', ...statement);
  const name = bytes.length - statement.length;
  for (let cut = 0; cut < name; cut++) expect(heard(bytes.slice(0, cut))).toEqual([1002, 1002]);
  const after = statement.map((_, cut) => heard(bytes.slice(0, name + cut)));
  expect(after).toEqual(ends.map((code) => [code, null]));
});

test('random bytes never throw, and a listener that throws disturbs nobody', () => {
  vi.stubGlobal('reportError', () => {});
  const dialect = hocuspocus({
    onStateless: () => {
      throw new Error('of the app');
    },
  });
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 5_000; round++) {
    const room = new FakeCore(dialect, 'ws://host#/notes');
    const socket = FakeWebSocket.all.at(-1) as FakeWebSocket;
    socket.opens();
    const body = Array.from({ length: random(12) }, () => (random(2) ? random(10) : random(256)));
    socket.hears(random(2) ? body : frame('notes', ...body));
    room.socket.close(1000, '');
  }
});

test('texts that are no part of a document go to the server that has let the room in, and come with the name of the room', () => {
  const heard: unknown[] = [];
  const { dialect, open, core } = world({ onStateless: (message) => heard.push(message) });
  expect(dialect.sendStateless('notes', 'too early')).toBe(false);
  core('notes');
  const socket = open();
  expect(dialect.sendStateless('notes', 'still')).toBe(false);
  socket.hears(frame('notes', ...authenticated));
  expect(dialect.sendStateless('notes', 'grüße')).toBe(true);
  expect(socket.sent.at(-1)).toEqual(frame('notes', 5, ...text('grüße')));
  socket.hears(frame('notes', 5, ...text('\ufeffhello')));
  const stop = dialect.onStateless(() => heard.push('second'));
  socket.hears(frame('notes', 5, ...text('')));
  stop();
  socket.hears(frame('notes', 6, ...text('between servers')));
  expect(heard).toEqual([{ room: 'notes', text: '\ufeffhello' }, { room: 'notes', text: '' }, 'second']);
});

test('what cannot be had with it is refused, and what it decides is decided', () => {
  const options = (more: object) => ({ url: 'ws://host', dialect: hocuspocus(), ...more }) as ClientOptions<Schema>;
  for (const more of [{ tokenIn: 'query' }, { transports: ['sse'] }, { shareConnection: { worker: () => null } }]) {
    expect(() => withDialect(options(more))).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  }
  const decided = { tokenIn: 'first-message', transports: ['websocket'] };
  expect(withDialect(options({ shareConnection: true }))).toMatchObject(decided);
  expect(withDialect({ url: 'ws://host' })).toEqual({ url: 'ws://host' });
});
