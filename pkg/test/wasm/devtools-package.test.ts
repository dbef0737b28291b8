import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

const devtools = fileURLToPath(new URL('../../dist/devtools.js', import.meta.url));
const app = `
import { mountDevtools } from ${JSON.stringify(devtools)};
if (import.meta.env.DEV) mountDevtools(client);
console.log('the app');
`;

/** The app as its bundler publishes it, or serves it to who develops. */
async function bundled(isDevelopment: boolean): Promise<string> {
  const build = await rolldown({
    input: 'app',
    logLevel: 'silent',
    transform: { define: { 'import.meta.env.DEV': String(isDevelopment) } },
    plugins: [
      { name: 'app', resolveId: (id) => (id === 'app' ? id : null), load: (id) => (id === 'app' ? app : null) },
    ],
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return output.map((file) => ('code' in file ? file.code : '')).join('');
}

test('nothing of the devtools is in an app that mounts them in development only', async () => {
  expect(await bundled(true)).toContain('data-rejoin-devtools');
  expect((await bundled(false)).trim()).toBe('console.log(`the app`);');
});

test('on a server they do nothing', async () => {
  const { mountDevtools } = await import(devtools);
  mountDevtools({})();
});
