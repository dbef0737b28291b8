// Pages of tests/e2e/react in React's development build, which alone mounts everything twice.
import { join } from 'node:path';
import { createServer } from 'vite';
import { root } from '../../../scripts/env.mjs';
import { temporaryFolder } from './folder.mjs';

/** Serves them; returns the address without a slash at its end. */
export async function reactSite(t) {
  const vite = await createServer({
    root: join(root, 'tests', 'e2e', 'react'),
    configFile: false,
    cacheDir: temporaryFolder(),
    logLevel: 'silent',
    esbuild: { jsx: 'automatic' },
    optimizeDeps: { exclude: ['rejoin'], include: ['react', 'react-dom/client', 'react/jsx-dev-runtime'] },
    server: { host: '127.0.0.1', port: 0, fs: { allow: [root] } },
  });
  await vite.listen();
  t.after(() => vite.close());
  return vite.resolvedUrls.local[0].replace(/\/$/, '');
}
