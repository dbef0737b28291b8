import { expect } from 'vitest';
import { examine } from '../../../src/cli/doctor.js';
import { readOptions } from '../../../src/cli/options.js';
import type { Finding } from '../../../src/cli/report.js';

/** What the doctor found, by the findings' names. */
export interface Found {
  readonly kind: string;
  readonly ok: boolean;
  readonly ids: readonly string[];
  /** The finding of this name; fails where there is none. */
  readonly get: (id: string) => Finding;
}

/** Examines as the command line would, impatiently. */
export async function examined(url: string, ...args: string[]): Promise<Found> {
  const options = readOptions(['doctor', url, '--listen', '0.4', '--timeout', '2', ...args]);
  if (!options) throw new Error('help was asked for');
  const { kind, report } = await examine(options);
  const ids = report.findings.map(({ id }) => id);
  const get = (id: string): Finding => {
    const finding = report.findings.find((one) => one.id === id);
    expect(finding, `${id} among ${ids}`).toBeDefined();
    return finding as Finding;
  };
  return { kind, ok: report.ok, ids, get };
}
