// How many tests a runner's closing lines report: cargo and wasm-bindgen, node:test, Vitest.
const patterns = [
  { line: /^test result: .*?(\d+) passed; (\d+) failed/gm, passed: 1, failed: 2 },
  { line: /^(?:#|ℹ) pass (\d+)$/gm, passed: 1 },
  { line: /^(?:#|ℹ) fail (\d+)$/gm, failed: 1 },
  { line: /^\s*Tests\s+.*?(\d+) passed/gm, passed: 1 },
  { line: /^\s*Tests\s+(\d+) failed/gm, failed: 1 },
];
const closing = /^(test result:|(?:#|ℹ) (?:tests|pass|fail) |\s*(?:Test Files|Tests)\s+\d)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: runners colour their output with escapes
const colours = /\u001b\[[0-9;]*m/g;

/** Sums the tests that passed and failed in a runner's output. */
export function countTests(output) {
  const text = output.replaceAll(colours, '');
  const sum = { passed: 0, failed: 0 };
  for (const { line, passed, failed } of patterns) {
    for (const match of text.matchAll(line)) {
      sum.passed += passed ? Number(match[passed]) : 0;
      sum.failed += failed ? Number(match[failed]) : 0;
    }
  }
  return sum;
}

/** The lines in which a runner says how it ended. */
export function closingLines(output) {
  return output
    .replaceAll(colours, '')
    .split('\n')
    .filter((line) => closing.test(line))
    .map((line) => line.trim());
}
