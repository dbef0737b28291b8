// What Node is to run so that `main.js` of an app is built into a folder: each bundler with the least that it must be told.

/** webpack, or Rspack, which has its interface. */
export function packs(name) {
  return (out) =>
    inNode(`
      import bundler from '${name}';
      const output = { path: ${JSON.stringify(out)} };
      await new Promise((resolve, reject) => {
        bundler({ mode: 'production', entry: './main.js', output }, (error, stats) =>
          error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve(),
        );
      });
      ${writePage(out, 'main.js')}
    `);
}

/** Parcel, which begins with the page. */
export function parcels(out) {
  const program = 'node_modules/parcel/lib/bin.js';
  return [program, 'build', 'index.html', '--dist-dir', out, '--no-cache', '--public-url', './'];
}

/** esbuild; the page loads `script`. */
export function esbuilds(entryPoints, script, options) {
  return (outdir) =>
    inNode(`
      import { build } from 'esbuild';
      await build(${JSON.stringify({ entryPoints, outdir, bundle: true, format: 'esm', logLevel: 'error', ...options })});
      ${writePage(outdir, script)}
    `);
}

/** A page that loads what was built. */
function writePage(folder, script) {
  const page = `<!doctype html><title>rejoin</title><script type="module" src="./${script}"></script>`;
  const [path, text] = [`${folder}/index.html`, page].map((value) => JSON.stringify(value));
  return `(await import('node:fs')).writeFileSync(${path}, ${text});`;
}

function inNode(program) {
  return ['--input-type=module', '-e', program];
}
