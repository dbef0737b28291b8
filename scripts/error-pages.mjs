// One page per error code in docs/errors, from the tables of the code and the words of the package's README.
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './env.mjs';

const folder = join(root, 'docs', 'errors');
const read = (...path) => readFileSync(join(root, ...path), 'utf8');

/** What is not as it would be written now, a line each. */
export function staleErrorPages() {
  const wanted = pages();
  const there = existsSync(folder) ? readdirSync(folder) : [];
  const odd = there.filter((name) => !wanted.has(name)).map((name) => `docs/errors/${name}: no such code`);
  const stale = [...wanted]
    .filter(([name, text]) => !there.includes(name) || read('docs', 'errors', name) !== text)
    .map(([name]) => `docs/errors/${name}: stale; run \`node scripts/error-pages.mjs\``);
  return [...odd, ...stale];
}

function pages() {
  const source = read('pkg', 'src', 'errors.ts');
  const [core, own, retryable] = ['CORE_CODES', 'PACKAGE_CODES', 'RETRYABLE'].map((name) => listOf(source, name));
  const codes = [...core, ...own].sort();
  const page = (code) => [`${code}.md`, pageOf(code, core.includes(code), retryable.includes(code))];
  return new Map([...codes.map(page), ['README.md', indexOf(codes)]]);
}

/** The words of a constant list. */
function listOf(source, name) {
  const from = source.indexOf(`const ${name}`);
  return source.slice(from, source.indexOf(']', from)).match(/(?<=')E_[A-Z_]+/g);
}

/** How an app hears of an error. */
const WAYS =
  "a call throws it, a promise rejects with it, or `client.on('error', …)` hears it. In React: `useErrorListener`. " +
  'Streams, sockets and Socket.IO sessions have it in their state (`state.getSnapshot().error`), with `status` and `body` where the server answered ' +
  'a stream; a socket tells it as an `error` event too, a session to `onError`.';

function pageOf(code, isOfCore, isRetryable) {
  const passes = isRetryable
    ? 'Yes: it may pass by itself, or by trying again.'
    : 'No: something has to change before it works.';
  const lines = [
    `# ${code}`,
    wordsOf(code),
    '## Is it worth trying again?',
    `${passes} An error's own \`retryable\` says so for the very case.`,
    '## Where it comes from',
    `${isOfCore ? 'The core' : 'The package around the core'}: ${WAYS}`,
    "```ts\nclient.on('error', ({ code, message, retryable, room, cause }) => {\n" +
      `  if (code === '${code}') report(message, { retryable, room, cause });\n});\n\`\`\``,
    '[All codes](README.md)',
  ];
  return `${lines.join('\n\n')}\n`;
}

function indexOf(codes) {
  const rows = codes.map(
    (code) =>
      `| [${code}](${code}.md) | ${wordsOf(code)
        .split(/(?<=[.:;]) /)[0]
        .replace(/[:;]$/, '.')} |`,
  );
  return `# Errors\n\nWritten by \`scripts/error-pages.mjs\`.\n\n| Code | |\n| --- | --- |\n${rows.join('\n')}\n`;
}

/** What the README says under the code's heading. */
function wordsOf(code) {
  const [, words] = new RegExp(`#### ${code}\\n([^#]*)`).exec(read('pkg', 'README.md')) ?? [];
  return (words ?? '').trim().replaceAll('\n', ' ');
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages()) writeFileSync(join(folder, name), text);
}
