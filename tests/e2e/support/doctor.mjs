// `rejoin doctor` as users run it: the built program, in a process of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../../scripts/env.mjs';

const program = join(root, 'pkg', 'dist', 'cli.mjs');
const limit = 60_000;

/** Runs the program; resolves to its exit code and what it printed. */
export function runDoctor(args, { file = program, cwd = root } = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd, timeout: limit }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** Examines an address; resolves to the exit code, the kind, and each finding by its name. */
export async function examine(url, ...args) {
  const { code, stdout, stderr } = await runDoctor(['doctor', url, '--json', '--listen', '0.5', ...args]);
  try {
    const { kind, ok, findings } = JSON.parse(stdout);
    return { code, kind, ok, found: Object.fromEntries(findings.map((finding) => [finding.id, finding])) };
  } catch {
    throw new Error(`the doctor said no JSON (exit code ${code}): ${stdout}${stderr}`);
  }
}
