// The package as npm would publish it, and a folder of a user who installed it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../../scripts/env.mjs';

const quiet = ['--no-fund', '--no-audit', '--loglevel=error'];

/** A folder that is gone with the test run. */
export function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), 'rejoin-pack-'));
}

/** Runs `npm pack`; returns the tarball's path and the files in it. */
export function pack(folder) {
  run('npm', ['pack', '-w', 'pkg', '--pack-destination', folder, ...quiet], root);
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  const tarball = join(folder, name);
  const files = run('tar', ['-tzf', tarball], folder).trim().split('\n');
  return { tarball, files: files.map((file) => file.replace(/^package\//, '')) };
}

/** Installs packages into an empty project, as a user does. */
export function installInto(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('npm', ['install', '--prefer-offline', ...quiet, ...packages], folder);
  return folder;
}

/** The exact version of a tool in this repository. */
export function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/** The program of an installed npm package. */
export function programOf(name, program) {
  const require = createRequire(join(root, 'package.json'));
  const manifest = join(root, 'node_modules', name, 'package.json');
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[program]);
}

/** Runs a command to its end; throws with its output when it fails. */
export function run(command, args, cwd) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

/** Runs a command while this process goes on: it may be the one that answers. */
export function runAside(command, args, cwd) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}
