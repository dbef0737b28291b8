// Files of node:test; one that failed beside others is run once more, alone.
import { stream } from './run.mjs';

const limit = 25 * 60_000;
/** More files than this fail for a reason of their own. */
const mostRepeated = 6;
const place = /^test at (\S+?):\d+:\d+$/gm;
const closingCount = /^ℹ (pass|fail) (\d+)$/gm;

/** Runs so many files at a time; resolves to the outcome, with the names of files that passed only alone. */
export async function nodeTests(files, { env, atOnce = 1 }) {
  const first = await run(files, env, atOnce);
  const failed = failedFiles(first.text);
  if (first.ok || failed.length === 0 || failed.length > mostRepeated) return first;
  console.log(`\n━━ once more, alone: ${failed.join(', ')}`);
  const second = await run(failed, env, 1);
  return second.ok ? { ...first, ok: true, text: allPassed(first.text), unsteady: failed } : first;
}

function run(files, env, atOnce) {
  const args = ['--test', `--test-concurrency=${atOnce}`, '--test-reporter=spec', ...files];
  return stream(process.execPath, args, { env, limit });
}

/** node:test's spec reporter repeats each failure with its place at the end. */
function failedFiles(text) {
  return [...new Set([...text.matchAll(place)].map(([, file]) => file))];
}

/** The closing lines as they are when what failed has passed. */
function allPassed(text) {
  const counts = Object.fromEntries([...text.matchAll(closingCount)].map(([, name, count]) => [name, Number(count)]));
  const right = { pass: counts.pass + counts.fail, fail: 0 };
  return text.replaceAll(closingCount, (_, name) => `ℹ ${name} ${right[name]}`);
}
