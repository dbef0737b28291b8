// What a user writes: the same few lines, bundled by Vite or loaded by a plain page.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const code = (specifier) => `
import { createClient, defineSchema, t } from '${specifier}';

const schema = defineSchema({ doc: { body: t.text() } });
const client = createClient({ url: location.hash.slice(1), persistence: 'memory' });
const { room } = client.enterRoom('x', { schema });
try {
  await room.ready;
  room.root.get('body').insert(0, 'hello');
  window.verdict = { text: room.doc.getSnapshot().body, waits: client.sync.getSnapshot().pending > 0 };
} catch (error) {
  window.verdict = { error: String(error), code: error.code };
}
`;

const page = (script) => `<!doctype html><html lang="en"><title>rejoin</title><body>${script}</body></html>\n`;

/** A Vite app without any configuration. */
export function writeViteApp(folder) {
  writeFileSync(join(folder, 'main.js'), code('rejoin'));
  writeFileSync(join(folder, 'index.html'), page('<script type="module" src="/main.js"></script>'));
}

/** A page without a bundler: the module by its path, nothing else. */
export function writePlainPage(folder) {
  const installed = 'node_modules/rejoin';
  const { exports } = JSON.parse(readFileSync(join(folder, installed, 'package.json'), 'utf8'));
  const entry = exports['.'].browser.default.replace('./', '');
  writeFileSync(join(folder, 'index.html'), page(`<script type="module">${code(`/${installed}/${entry}`)}</script>`));
}
