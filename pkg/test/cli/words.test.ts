import { expect, test } from 'vitest';
import { readOptions, UsageError } from '../../src/cli/options.js';
import { duration, excerpt, median, Report } from '../../src/cli/report.js';
import { EventParser } from '../../src/cli/stream/parser.js';
import { table } from '../../src/cli/table.js';

test('the command line is read as a whole', () => {
  const args = ['doctor', 'http://a.example/x', '--kind', 'sse', '--token', 't', '--header', 'X-A: b c', '--json'];
  expect(readOptions([...args, '--origin', 'https://app.example', '--timeout', '2.5', '--protocol', 'v1'])).toEqual({
    url: new URL('http://a.example/x'),
    kind: 'sse',
    token: 't',
    protocols: ['v1'],
    headers: { 'x-a': 'b c' },
    origin: 'https://app.example',
    timeout: 2500,
    listen: 3000,
    json: true,
  });
  expect(readOptions(['--help'])).toBeNull();
  expect(readOptions(['doctor', 'wss://a.example'])?.kind).toBe('ws');
});

test.each([
  [[]],
  [['doctor']],
  [['nurse', 'ws://a.example']],
  [['doctor', 'localhost:8787']],
  [['doctor', 'ftp://a.example']],
  [['doctor', 'ws://']],
  [['doctor', 'ws://a.example', 'ws://b.example']],
  [['doctor', 'ws://a.example', '--kind', 'sse']],
  [['doctor', 'http://a.example', '--kind', 'both']],
  [['doctor', 'ws://a.example', '--timeout', 'soon']],
  [['doctor', 'ws://a.example', '--timeout', '0']],
  [['doctor', 'ws://a.example', '--header', 'no colon']],
  [['doctor', 'ws://a.example', '--header', 'a: b\r\nc: d']],
  [['doctor', 'ws://a.example', '--protocol', 'two words']],
  [['doctor', 'ws://a.example', '--protocol', 'a', '--protocol', 'b', '--protocol', 'a']],
  [['doctor', 'ws://a.example', '--origin', 'app.example']],
  [['doctor', 'ws://a.example', '--speed']],
])('%j is a usage error', (args) => {
  expect(() => readOptions(args)).toThrow(UsageError);
});

test('the table is aligned, wraps, and keeps long words whole', () => {
  const report = new Report();
  report.add('tcp', 'ok', '127.0.0.1:1');
  const address = `https://${'a'.repeat(60)}.example`;
  report.add('handshake', 'fail', `${'word '.repeat(12)}end`, { advice: `see ${address}` });
  const lines = table(report, { width: 53 }).split('\n');
  expect(lines[0]).toBe('✓ tcp        127.0.0.1:1');
  expect(lines[1]?.startsWith('✗ handshake  word')).toBe(true);
  expect(lines.slice(2).every((line) => line.startsWith(' '.repeat(13)))).toBe(true);
  expect(lines.some((line) => line.trim() === address)).toBe(true);
  expect(report.ok).toBe(false);
});

test('numbers are shown as people read them', () => {
  expect([0.234, 12.6, 1234, 61_000].map(duration)).toEqual(['0.2 ms', '13 ms', '1.2 s', '61 s']);
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2, null]);
  expect(excerpt('a\u0000b\n\tc', 4)).toBe('a b …');
});

const stream =
  '\uFEFF:c\r\nid: 7\rdata:a\ndata: b\r\n\r\ndata\n\nretry: 12\nretry: x\nevent: e\ndata: ü\n\nodd line\ndata: unfinished';

test('events are counted alike however the bytes are cut', () => {
  const bytes = Buffer.from(stream);
  for (let at = 0; at <= bytes.length; at++) {
    const parser = new EventParser();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (const part of [bytes.subarray(0, at), bytes.subarray(at)])
      parser.push(decoder.decode(part, { stream: true }), 0);
    expect(parser.events).toEqual([
      { type: 'message', data: 'a\nb', id: '7', at: 0 },
      { type: 'message', data: '', id: '7', at: 0 },
      { type: 'e', data: 'ü', id: '7', at: 0 },
    ]);
    expect([parser.comments, parser.retry, [...parser.unknown]]).toEqual([1, 12, ['odd line']]);
  }
});
