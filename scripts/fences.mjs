// What the guides show compiles: each fence that imports from the package, as a module of its own.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './env.mjs';
import { compiler, options } from './examples.mjs';
import { reportAlone } from './lib/lines.mjs';

/** Beside the tests' sources, as examples are. */
const folder = join(root, 'pkg', 'test', '.fences');
const fence = /```(tsx?)\n([\s\S]*?)```/g;
/** All fences together have one `Register`: that of `around`. */
const registered = /declare module 'rejoin' \{[\s\S]*?\n\}\n/;

/** What is wrong, a line each. */
export function checkFences() {
  const ts = compiler();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'around.ts'), around);
    const written = guides().flatMap(fencesOf).map(write);
    const program = ts.createProgram([...written, join(folder, 'around.ts')], options(ts));
    const wrong = written.flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
    return wrong.map(({ file, start, messageText }) => {
      const place = file.text.slice(3, file.text.indexOf('\n'));
      const [line] = file.text.slice(file.text.lastIndexOf('\n', start) + 1).split('\n');
      return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')} (${line.trim()})`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function guides() {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'pkg/README.md', ...docs.map((name) => `docs/${name}`)];
}

function fencesOf(guide) {
  const found = [...readFileSync(join(root, guide), 'utf8').matchAll(fence)];
  const codes = found.map(([, , code]) => code).filter((code) => /from 'rejoin/.test(code));
  return codes.map((code, at) => ({ name: `${guide}, fence ${at + 1} with an import`, code }));
}

function write({ name, code }, at) {
  const path = join(folder, `${at}.tsx`);
  writeFileSync(path, `// ${name}\n${code.replace(registered, '')}\nexport {};\n`);
  return path;
}

/** What stands in other fences, or is the app's own. */
const around = `
import { type Client, defineSchema, type PersistenceAdapter, type StandardSchemaV1, t } from 'rejoin';

const shown = defineSchema({
  doc: { note: t.text(), todos: t.list(t.object({ id: t.string(), text: t.text(), done: t.boolean() })) },
});
type Shown = typeof shown;
declare module 'rejoin' {
  interface Register {
    schema: Shown;
  }
}
declare global {
  interface ImportMeta {
    readonly env: { readonly DEV: boolean };
    readonly hot?: { dispose(fn: () => void): void };
  }
  const schema: Shown;
  const client: Client<Shown>;
  const url: string;
  const Price: StandardSchemaV1<unknown, { symbol: string }>;
  const shell: {
    records: PersistenceAdapter['load'];
    add: PersistenceAdapter['append'];
    replace(room: string, old: readonly number[], snapshot: Uint8Array): Promise<number>;
    remove: PersistenceAdapter['delete'];
  };
  function show(text: string): void;
  function getToken(): Promise<string>;
  function fetchToken(how?: { fresh: boolean }): Promise<string>;
}
`;

reportAlone(import.meta.url, checkFences);
