import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
/** Property tests run for seconds where other work is done at the same time; milliseconds. */
const testTimeout = 60_000;

/** The React entry takes the main one by its name, as an app does. */
const resolve = { alias: [{ find: /^rejoin$/, replacement: `${root}/test/support/entry.ts` }] };

/** The glue is not beside the sources. */
const glue = { find: /^\.\/((?:links-|peers-|codec-)?(?:core|inline))\.js$/, replacement: `${root}/dist/$1.js` };

export default defineConfig({
  test: {
    // Left to itself, Vitest takes one less than there are cores. Some files wait for servers most of their time.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      { resolve, test: { name: 'unit', root, testTimeout, include: ['test/{,cli/}*.test.{ts,tsx}'] } },
      // Needs pkg/dist: fails, and is not skipped, where the build has not been run.
      {
        resolve: { alias: [{ find: /^rejoin$/, replacement: `${root}/test/wasm/entry.ts` }, glue] },
        test: { name: 'wasm', root, testTimeout, include: ['test/wasm/*.test.{ts,tsx}'] },
      },
    ],
  },
});
