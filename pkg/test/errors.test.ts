import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_CODES, fromProblem, SyncError, toSyncError } from '../src/errors.js';

const rust = readFileSync(new URL('../../src/error.rs', import.meta.url), 'utf8');
const words = [...rust.matchAll(/Self::(\w+) => "(E_[A-Z_]+)"/g)].map(([all, variant, word]) => [all, word, variant]);
const ofThePackage = [
  'E_WASM_LOAD',
  'E_CSP',
  'E_CORE_CRASHED',
  'E_DIVERGED',
  'E_SCHEMA',
  'E_VERSION',
  'E_MIGRATION',
  'E_KEY',
  'E_QUARANTINED',
  'E_DUPLICATE_PACKAGE',
  'E_FILE',
  'E_MEDIA',
  'E_NEEDS_SFU',
];

test('the codes are exactly those of the core and those of the package', () => {
  expect(words.length).toBeGreaterThan(15);
  expect([...ERROR_CODES].sort()).toEqual([...words.map(([, word]) => word), ...ofThePackage].sort());
});

test('a code is retryable here exactly if it is in the core', () => {
  const listed = rust.slice(rust.indexOf('pub fn is_retryable'));
  for (const [, word, variant] of words) {
    const inRust = new RegExp(`Self::${variant}\\b`).test(listed.slice(0, listed.indexOf('\n    }')));
    expect(new SyncError(word as SyncError['code'], '').retryable, word).toBe(inRust);
  }
});

test('each code has a heading in the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const code of ERROR_CODES) expect(readme).toContain(`#### ${code}\n`);
});

test('each code has a page of its own that says what to do', () => {
  for (const code of ERROR_CODES) {
    const page = readFileSync(new URL(`../../docs/errors/${code}.md`, import.meta.url), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${code}\n\n\\S[^]{20,}\n## Is it worth trying again\\?`));
  }
});

test('errors keep their words, code, room and cause', () => {
  const problem = { code: 'E_QUOTA', message: 'full', retryable: true } as const;
  const error = fromProblem(problem, 'demo');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'SyncError',
    message: 'E_QUOTA: full',
    code: 'E_QUOTA',
    room: 'demo',
    retryable: true,
  });
  expect(toSyncError(error)).toBe(error);
  const cause = new TypeError('odd');
  expect(toSyncError(cause)).toMatchObject({ code: 'E_INTERNAL', cause });
  expect(toSyncError(problem)).toMatchObject({ code: 'E_QUOTA' });
});
