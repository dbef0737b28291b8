import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = [];

/** A folder that is gone with the test file: servers and browsers of a test write to it until they have ended. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'rejoin-e2e-'));
  folders.push(folder);
  return folder;
}

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
