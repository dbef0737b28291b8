import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as hooks from '../../src/react.js';

const path = (name: string): string => new URL(`../../../${name}`, import.meta.url).pathname;
const run = promisify(execFile);

/** Compiles what apps write against the built package, its declarations included; gives what the compiler complains about. */
async function compile(typescript: string): Promise<{ version: string; complaints: string }> {
  const compiler = path(`${typescript}/bin/tsc`);
  const { stdout: version } = await run(process.execPath, [compiler, '--version']);
  const outcome = run(process.execPath, [compiler, '-p', path('tests/types')]);
  const complaints = await outcome.then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
  return { version: version.trim(), complaints };
}

test.each([
  ['oldest', 'tests/types/node_modules/typescript', /^Version 5\.6\./],
  ['newest', 'node_modules/typescript', /^Version 7\./],
])('what apps write compiles with the %s TypeScript, and what is wrong does not', async (_, typescript, wanted) => {
  const { version, complaints } = await compile(typescript);
  expect(version).toMatch(wanted);
  expect(complaints).toBe('');
});

test('the type of every hook is among what is compiled', () => {
  const source = readFileSync(path('tests/types/hooks.tsx'), 'utf8');
  const names = Object.keys(hooks).filter((name) => name.startsWith('use'));
  expect(names.filter((name) => !new RegExp(`hooks\\.${name}[(<]`).test(source))).toEqual([]);
});
