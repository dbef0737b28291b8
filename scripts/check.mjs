// What CI refuses before any test: format, lints, types, files that outgrew the charter, a core that is not pure.
// `node scripts/check.mjs biome tsc` runs what begins with one of these names; `--help` says which there are.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { root } from './env.mjs';
import { staleErrorPages } from './error-pages.mjs';
import { checkExamples } from './examples.mjs';
import { checkFences } from './fences.mjs';
import { Failure, main } from './lib/failure.mjs';
import { reportLines } from './lib/lines.mjs';
import { stream } from './lib/run.mjs';
import { filesOf } from './lib/stamp.mjs';
import { setup } from './setup.mjs';

const longest = 500;
const source = /\.(rs|tsx?|mjs|css)$/;
const outside =
  /\b(web_sys|js_sys|wasm_bindgen|gloo_\w+)\b|\b(Instant|SystemTime)::now\b|\bthread_rng\b|\brand::random\b/;
const browserSide = /^src\/(web(\.rs|\/)|lib\.rs$)/;
const markup =
  /\b(inner|outer|insertAdjacent|dangerouslySetInner)HTML\b|\bsrcdoc\b|\bdocument\.write|\beval\(|\bnew Function\(/i;
/** wasm-bindgen's objects live until that is called: none of them reaches an app. */
const freeing = /\.free\(/;
const denied = ['--', '-D', 'warnings'];
/** A test may stop at what it did not expect, in its helpers too, and print. */
const inTests = ['unwrap_used', 'expect_used', 'panic', 'indexing_slicing', 'print_stdout'];
const tolerant = [...denied, ...inTests.flatMap((lint) => ['-A', `clippy::${lint}`])];

await main(async () => {
  const wanted = process.argv.slice(2);
  const all = Object.entries(checks());
  const isCalled = ([name], word) => name.startsWith(word);
  const unknown = wanted.filter((word) => !all.some((entry) => isCalled(entry, word)));
  if (unknown.some((word) => /^(--help|-h)$/.test(word))) {
    console.log(usage(all));
    return;
  }
  if (unknown.length > 0) throw new Failure(`no such check: ${unknown.join(', ')}`, usage(all));
  const chosen = all.filter((entry) => wanted.length === 0 || wanted.some((word) => isCalled(entry, word)));
  await setup();
  // The demo's types are checked against the package's.
  if (chosen.some((entry) => isCalled(entry, 'tsc'))) await build();
  const failed = [];
  for (const [name, check] of chosen) {
    console.log(`\n━━ ${name}`);
    if (!(await check())) failed.push(name);
  }
  if (failed.length > 0) throw new Failure(`failed: ${failed.join(', ')}`);
  console.log(wanted.length === 0 ? '\n✓ all checks pass' : `\n✓ ${chosen.map(([name]) => name).join('; ')}`);
});

function usage(all) {
  const names = all.map(([name]) => `  ${name}`).join('\n');
  return `node scripts/check.mjs [the beginning of a name …]; without a name all of:\n${names}`;
}

function checks() {
  const wasm = ['-p', 'rejoin', '--target', 'wasm32-unknown-unknown'];
  return {
    'file length': () => reportLines(tooLong()),
    purity: () => reportLines(impure()),
    'no markup from texts': () => reportLines(linesWith(markup, ['pkg/src', 'www/src'])),
    'nothing that apps must free': () => reportLines(linesWith(freeing, ['pkg/src', 'www/src', 'tests/types'])),
    rustfmt: () => runs('cargo', ['fmt', '--all', '--check']),
    'clippy, native': () => runs('cargo', ['clippy', '--workspace', '--lib', '--bins', ...denied]),
    'clippy, native tests': () => runs('cargo', ['clippy', '--workspace', '--tests', ...tolerant]),
    'clippy, wasm32': () => runs('cargo', ['clippy', ...wasm, '--lib', ...denied]),
    'clippy, wasm32 tests': () =>
      runs('cargo', ['clippy', ...wasm, '--test', 'browser', '--test', 'worker', ...tolerant]),
    biome: () => runs('npx', ['--no', 'biome', 'ci']),
    'pages of errors': () => reportLines(staleErrorPages()),
    'sentences and examples': () => reportLines(checkExamples()),
    'fences of guides': () => reportLines(checkFences()),
    'tsc, pkg': () => runs('npm', ['run', 'typecheck', '-w', 'pkg']),
    'tsc, www': () => runs('npm', ['run', 'typecheck', '-w', 'www']),
  };
}

async function runs(command, args) {
  return (await stream(command, args)).ok;
}

function tooLong() {
  const folders = ['src', 'pkg/src', 'pkg/test', 'www', 'scripts', 'tests'].map((name) => join(root, name));
  const files = folders
    .filter(existsSync)
    .flatMap(filesOf)
    .filter((file) => source.test(file));
  const counted = files.map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }));
  return counted
    .filter(({ lines }) => lines > longest)
    .map(({ file, lines }) => `${relative(root, file)}: ${lines} lines`);
}

/** Clippy sees the calls; this sees the names: nothing outside src/web* knows the browser, a clock or a generator. */
function impure() {
  const files = filesOf(join(root, 'src')).filter((file) => !browserSide.test(relative(root, file)));
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line, index) => ({ line, at: `${relative(root, file)}:${index + 1}` }))
      .filter(({ line }) => outside.test(line) && !line.trimStart().startsWith('//'))
      .map(({ line, at }) => `${at}: ${line.trim()}`),
  );
}

/** Names and texts come from strangers: nothing in package or demo makes HTML or code of a text. */
/** Lines of code, not of comments, that have what should not be there. */
function linesWith(what, folders) {
  const files = folders.flatMap((name) => filesOf(join(root, name)));
  return files.flatMap((file) => {
    const path = relative(root, file);
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line, index) => ({ line: line.trim(), at: `${path}:${index + 1}` }))
      .filter(({ line }) => !/^(\*|\/\/|\/\*)/.test(line) && what.test(line))
      .map(({ line, at }) => `${at}: ${line}`);
  });
}
