// The harness page and the built package as plain modules, from 127.0.0.1, without a bundler.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { root } from '../../../scripts/env.mjs';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };
const folders = [
  ['/rejoin/', join(root, 'pkg', 'dist')],
  ['/servers/', join(root, 'tests', 'interop', 'servers', 'page')],
  ['/', join(root, 'tests', 'e2e', 'harness')],
];

/** Serves the harness; `headers` go with every answer, `made` is what is no file, by its path. */
export async function staticSite(t, headers = {}, made = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    if (made[pathname]) {
      return response.writeHead(200, { 'content-type': types[extname(pathname)], ...headers }).end(made[pathname]);
    }
    const file = fileOf(pathname);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream', ...headers });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

function fileOf(pathname) {
  const path = normalize(decodeURIComponent(pathname));
  const [prefix, folder] = folders.find(([start]) => path.startsWith(start));
  const file = join(folder, path === '/' ? 'index.html' : path.slice(prefix.length));
  return existsSync(file) && statSync(file).isFile() ? file : null;
}
