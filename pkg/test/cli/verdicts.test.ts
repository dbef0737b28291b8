import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judgeClose } from '../../src/cli/verdicts.js';

const list = new URL('../../../tests/fixtures/close-codes.json', import.meta.url);
const cases: [code: number, reason: string, reaction: string][] = JSON.parse(readFileSync(list, 'utf8'));

test.each(cases)('close code %i "%s" means %s, as the core has it', (code, reason, reaction) => {
  expect(judgeClose(code, reason)).toBe(reaction);
});
