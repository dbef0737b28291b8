// What the servers of other languages need, installed once into .cache/servers and from the system's packages.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root, targetDir, which } from '../../scripts/env.mjs';
import { Failure } from '../../scripts/lib/failure.mjs';
import { ask, step } from '../../scripts/lib/run.mjs';
import { unlessFresh } from '../../scripts/lib/stamp.mjs';
import { aptInstall } from '../../scripts/setup/system.mjs';

const here = join(root, 'tests', 'servers');
const folder = join(cache, 'servers');
/** Where Debian's packages put Go libraries. */
const goPath = '/usr/share/gocode';
const goLibraries = {
  'github.com/gorilla/websocket': 'golang-github-gorilla-websocket-dev',
  'nhooyr.io/websocket': 'golang-nhooyr-websocket-dev',
};

/** The Python of the servers' own environment. */
export const python = join(folder, 'python', 'bin', 'python');
/** A Go server's program. */
export const goProgram = (name) => join(folder, 'go', name);
/** A Rust server's program. */
export const rustProgram = (name) => join(targetDir, 'debug', name);

/** The server of y-sweet, which its npm package would fetch from elsewhere. */
export const ySweetProgram = join(folder, 'y-sweet', 'bin', 'y-sweet');
const ySweetVersion = '0.9.1';

/** PartyKit and its Yjs server, with their own copies of yjs and workerd. */
export const partyKit = {
  folder: join(folder, 'partykit'),
  program: join(folder, 'partykit', 'node_modules', 'partykit', 'dist', 'bin.mjs'),
};
const partyKitPackages = ['partykit@0.0.115', 'y-partykit@0.0.33', 'yjs@13'];

/** How each kind of need is met; each may throw a Failure that says what is missing. */
const ways = {
  python: ensurePython,
  redis: ensureRedis,
  go: ensureGo,
  rust: ensureRust,
  partykit: ensurePartyKit,
  'y-sweet': ensureYSweet,
};
const done = new Map();
let last = Promise.resolve();

/** Meets a server's needs, each once, and one after the other: apt can do but one thing at a time. */
export async function ensure(needs) {
  for (const need of needs) {
    if (!done.has(need)) done.set(need, after(last, ways[need]));
    await done.get(need);
  }
}

function after(previous, work) {
  const outcome = previous.then(work);
  last = outcome.catch(() => {});
  return outcome;
}

async function ensurePython() {
  const requirements = join(here, 'requirements.txt');
  await unlessFresh({ name: 'servers-python', inputs: [requirements], outputs: [python] }, async () => {
    if (!which('python3')) await aptInstall(['python3', 'python3-venv'], 'Python 3 is');
    if (!ask('python3', ['-c', 'import venv, ensurepip']).ok) await aptInstall(['python3-venv'], "Python's venv is");
    const environment = join(folder, 'python');
    await step('Python environment', 'python3', ['-m', 'venv', '--clear', environment]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await step('pip install (servers)', python, ['-m', 'pip', 'install', ...quiet, '-r', requirements]);
  });
}

async function ensureRedis() {
  if (!which('redis-server')) await aptInstall(['redis-server'], 'redis-server is');
}

async function ensureGo() {
  const missing = Object.entries(goLibraries).filter(([path]) => !existsSync(join(goPath, 'src', path)));
  const packages = [...(which('go') ? [] : ['golang-go']), ...missing.map(([, name]) => name)];
  if (packages.length > 0) await aptInstall(packages, 'Go or its WebSocket libraries are');
  const names = ['gorilla', 'nhooyr'];
  const salt = ask('go', ['version']).stdout;
  const outputs = names.map(goProgram);
  await unlessFresh({ name: 'servers-go', inputs: [join(here, 'go')], salt, outputs }, async () => {
    mkdirSync(join(folder, 'go'), { recursive: true });
    // Debian's libraries have no modules' list: they are found by their folders, and nothing is fetched.
    const env = { GO111MODULE: 'off', GOPATH: goPath, GOFLAGS: '', GOCACHE: join(folder, 'go-build') };
    for (const name of names) {
      const args = ['build', '-o', goProgram(name), join(here, 'go', name, 'main.go')];
      await step(`go build (${name})`, 'go', args, { env });
    }
  });
}

async function ensureRust() {
  await step('cargo build (servers)', 'cargo', ['build', '-p', 'rejoin-test-servers']);
}

async function ensurePartyKit() {
  const script = join(here, 'partykit', 'server.mjs');
  const outputs = [partyKit.program];
  await unlessFresh({ name: 'servers-partykit', inputs: [script], salt: `${partyKitPackages}`, outputs }, async () => {
    mkdirSync(partyKit.folder, { recursive: true });
    writeFileSync(join(partyKit.folder, 'package.json'), '{ "private": true }');
    const config = { name: 'docs', main: 'server.mjs', compatibilityDate: '2024-05-01' };
    writeFileSync(join(partyKit.folder, 'partykit.json'), JSON.stringify(config));
    copyFileSync(script, join(partyKit.folder, 'server.mjs'));
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
    await step('npm install (partykit)', 'npm', ['install', ...quiet, ...partyKitPackages], { cwd: partyKit.folder });
  });
}

/** With its own lock file: it does not compile with newer crates. */
async function ensureYSweet() {
  await unlessFresh(
    { name: 'servers-y-sweet', inputs: [], salt: ySweetVersion, outputs: [ySweetProgram] },
    async () => {
      const args = ['install', 'y-sweet', '--version', ySweetVersion, '--locked', '--root', join(folder, 'y-sweet')];
      await step('cargo install (y-sweet)', 'cargo', args);
    },
  );
}

/** The version that runs here, as the table shows it. */
export const versions = {
  pip: (name) => pinned(name),
  npm: (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version,
  cargo: (name) => locked(name),
  debian: (name) => {
    const { ok, stdout } = ask('dpkg-query', ['-W', name]);
    if (!ok) throw new Failure(`${name} is not installed from Debian's packages`);
    return stdout
      .trim()
      .replace(/^\S+\s(\d+:)?/, '')
      .replace(/[-+~].*$/, '');
  },
};

function pinned(name) {
  const [, version] = readFileSync(join(here, 'requirements.txt'), 'utf8').match(new RegExp(`^${name}==(.+)$`, 'm'));
  return version;
}

function locked(name) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const found = [...lock.matchAll(new RegExp(`name = "${name}"\nversion = "(.+)"`, 'g'))].map(([, version]) => version);
  return found.at(-1);
}
