// Every export of the package has a sentence, whatever is called an example, and the examples compile.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './env.mjs';
import { reportAlone } from './lib/lines.mjs';

const source = join(root, 'pkg', 'src');
const entries = {
  rejoin: 'index.ts',
  'rejoin/react': 'react.ts',
  'rejoin/react/suspense': 'suspense.ts',
  'rejoin/hocuspocus': 'hocuspocus.ts',
  'rejoin/codemirror': 'codemirror.ts',
  'rejoin/quill': 'quill.ts',
  'rejoin/yjs': 'yjs.ts',
  'rejoin/devtools': 'devtools.ts',
  'rejoin/testing': 'testing.ts',
};
/** Beside the tests' sources, so that React and the package are found as they find them. */
const folder = join(root, 'pkg', 'test', '.examples');

/** How what is shown is compiled. */
export const options = (ts) => ({
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.ReactJSX,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
  lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  paths: Object.fromEntries(
    [...Object.entries(entries), ['rejoin/shared-worker', 'shared-worker.ts']].map(([name, file]) => [
      name,
      [join(source, file)],
    ]),
  ),
});

/** What is wrong, a line each. */
export function checkExamples() {
  const ts = compiler();
  const files = Object.values(entries).map((file) => join(source, file));
  const program = ts.createProgram(files, options(ts));
  const found = files.flatMap((file) => exportsOf(ts, program, file));
  const examples = found.filter(({ code }, at) => code && found.findIndex((other) => other.code === code) === at);
  return [...found.flatMap(({ complaints }) => complaints), ...compile(ts, examples)];
}

/** The compiler of the type tests: the newest has no interface for programs. */
export function compiler() {
  return createRequire(join(root, 'tests', 'types', 'package.json'))('typescript');
}

function exportsOf(ts, program, file) {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  return checker.getExportsOfModule(module).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'example');
    const code = tag ? ts.displayPartsToString(tag.text) : null;
    const complaints = [];
    if (symbol.getDocumentationComment(checker).length === 0) complaints.push(`${exported.name} has no sentence`);
    const isUsed = symbol.flags & ts.SymbolFlags.Value || hasMethods(ts, symbol);
    if (code === null && isUsed) complaints.push(`${exported.name} has no example`);
    return { name: exported.name, file, code, complaints };
  });
}

/** Whether it is something that apps call. */
function hasMethods(ts, symbol) {
  return [...(symbol.members?.values() ?? [])].some(({ flags }) => flags & ts.SymbolFlags.Method);
}

/** Each example in a component, with a client, a room and a schema around it. */
function compile(ts, examples) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'around.ts'), around);
    const written = examples.map(write);
    const program = ts.createProgram(written, options(ts));
    const wrong = written.flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
    return wrong.map(({ file, messageText }) => {
      const [name] = file.text.split('\n');
      return `${name.slice(3)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write({ name, file, code }, at) {
  const path = join(folder, `${at}.tsx`);
  const hooks = file.endsWith('suspense.ts') ? 'rejoin/react/suspense' : 'rejoin/react';
  const used = (names) =>
    [...new Set(names)].filter((word) => new RegExp(`\\b${word}\\b`).test(code) && !declares(code, word));
  const lines = [
    `// ${name}`,
    `import * as rejoin from 'rejoin';`,
    `import * as hooks from '${hooks}';`,
    `import * as dialects from 'rejoin/hocuspocus';`,
    `import * as around from './around.js';`,
    ...editorLines(file, code),
    ...used(main).map((word) => (types.has(word) ? `type ${word} = rejoin.${word};` : `const { ${word} } = rejoin;`)),
    ...used(ofReact(code)).map((word) => `const { ${word} } = hooks;`),
    ...used(['hocuspocus']).map((word) => `const { ${word} } = dialects;`),
    ...used(ofAround).map((word) => `const { ${word} } = around;`),
    `export async function Example() {`,
    code,
    '}',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** What an example of an editor's entry uses of it, and of the editor. */
function editorLines(file, code) {
  const name = Object.keys(entries).find((entry) => file.endsWith(entries[entry]) && ofEditors.has(entry));
  if (!name) return [];
  const words = [...new Set(code.match(/\b(collaborativeText|bindQuill|[A-Z]\w+)\b/g))];
  const own = words.filter((word) => !ofOthers.has(word) && readFileSync(file, 'utf8').includes(word));
  return [`import { ${own.join(', ')} } from '${name}';`, `import { EditorView } from '@codemirror/view';`];
}

const ofOthers = new Set(['EditorView', 'Quill']);
const ofEditors = new Set(['rejoin/codemirror', 'rejoin/quill']);
const declares = (code, word) => new RegExp(`(const|[{,]) ${word}( =|,| })[^\\n]*= `).test(code);
const ofAround = ['client', 'room', 'schema', 'secret', 'url', 'attachYjs', 'Y', 'doc', 'provider', 'awareness'];
ofAround.push('network', 'createTestNetwork', 'memoryStorage', 'mountDevtools');
const types = new Set(['SyncError']);
const main = [
  'createClient',
  'reconnectingWebSocket',
  'socketIo',
  'reconnectingEventSource',
  'stream',
  'encryptedWith',
];
main.push('ERROR_CODES', 'SyncError', 'defineSchema', 't', 'shallow');
const ofReact = (code) => code.match(/\b(use[A-Z]\w+|SyncProvider|RoomProvider|ClientSideSuspense)\b/g) ?? [];

const around = `
import { type Client, defineSchema, type Room, type StandardSchemaV1, t } from 'rejoin';
import { mountDevtools } from 'rejoin/devtools';
import { createTestNetwork, memoryStorage, type TestNetwork } from 'rejoin/testing';
import { attachYjs, type YjsProvider } from 'rejoin/yjs';
import * as Y from 'yjs';
type Cursor = { cursor: { x: number; y: number } | null };
export const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(t.object({ text: t.string(), done: t.boolean() })),
    tags: t.map(t.string()),
    settings: t.object({ theme: t.string() }),
  },
  presence: undefined as unknown as StandardSchemaV1<unknown, Cursor>,
  events: undefined as unknown as StandardSchemaV1<unknown, { bang: number }>,
  messages: undefined as unknown as StandardSchemaV1<unknown, { words: string }>,
});
declare module 'rejoin' {
  interface Register {
    schema: typeof schema;
  }
}
export declare const client: Client<typeof schema>;
export declare const room: Room<typeof schema>;
export declare const secret: Uint8Array;
export declare const url: string;
export { attachYjs, createTestNetwork, memoryStorage, mountDevtools, Y };
export declare const network: TestNetwork;
export declare const doc: Y.Doc;
export declare const provider: YjsProvider<Y.Doc>;
export const { awareness } = provider;
`;

reportAlone(import.meta.url, checkExamples);
