// The tests, group after group; `node scripts/test.mjs native sim` runs some of them.

import { build } from './build.mjs';
import { groups } from './groups.mjs';
import { closingLines, countTests } from './lib/counts.mjs';
import { Failure, main } from './lib/failure.mjs';
import { setup } from './setup.mjs';

const inCi = Boolean(process.env.CI);

await main(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in groups));
  if (unknown.length > 0) throw new Failure(`no such group: ${unknown}`, `one of: ${Object.keys(groups).join(' ')}`);
  const isChosen = ([name, { onRequest }]) => (names.length === 0 ? !onRequest : names.includes(name));
  const chosen = Object.entries(groups).filter(isChosen);
  await setup();
  if (chosen.some(([, group]) => group.needsPackage)) await build();
  const results = await runAll(chosen);
  summarise(
    results,
    chosen.slice(results.length).map(([name]) => name),
  );
});

async function runAll(chosen) {
  const results = [];
  for (const [name, group] of chosen) {
    const result = await runGroup(name, group);
    results.push(result);
    if (result.problem && !inCi) break;
  }
  return results;
}

async function runGroup(name, group) {
  console.log(`\n━━ ${name}: ${group.about}`);
  const started = Date.now();
  const outputs = [];
  let problem;
  try {
    await group.run((outcome) => outputs.push(outcome));
    problem = outputs.find(({ ok }) => !ok)?.reason;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problem = [error.message, error.hint].filter(Boolean).join(' → ');
  }
  const output = outputs.map(({ text }) => text).join('\n');
  const unsteady = outputs.flatMap((outcome) => outcome.unsteady ?? []);
  return { name, output, unsteady, seconds: Math.round((Date.now() - started) / 1000), ...score(output, problem) };
}

/** A group that failed without a counted test counts as one failure; so does one in which nothing ran. */
function score(output, reason) {
  const { passed, failed } = countTests(output);
  const problem = reason ?? (passed + failed === 0 ? 'not one test ran' : undefined);
  return { problem, passed, failed: problem ? Math.max(failed, 1) : failed };
}

function summarise(results, left) {
  console.log('\n━━ summary');
  for (const { name, problem, output, unsteady, seconds, passed, failed } of results) {
    console.log(`${problem ? '✗' : '✓'} ${name}: ${passed} passed, ${failed} failed, ${seconds} s`);
    for (const line of closingLines(output)) console.log(`    ${line}`);
    for (const file of unsteady) console.log(`    unsteady: ${file} failed beside others and passed alone`);
    if (problem) console.log(`    ${problem}`);
  }
  if (left.length > 0) console.log(`– not run after this failure: ${left.join(', ')} (CI=1 runs them all)`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  if (sum('failed') > 0) process.exitCode = 1;
}
