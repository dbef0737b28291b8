import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', root: import.meta.dirname, include: ['test/*.test.{ts,tsx}'], typecheck: { enabled: false } } },
      // Needs pkg/dist: fails, and is not skipped, where the build has not been run.
      { test: { name: 'wasm', root: import.meta.dirname, include: ['test/wasm/*.test.ts'] } },
    ],
  },
});
