// y-partyserver on workerd, Cloudflare's runtime, as `wrangler dev` has it: rooms at /parties/docs/<room>.
import { Miniflare } from 'miniflare';
import { build } from 'vite';

const entry = new URL('worker.mjs', import.meta.url).pathname;
const { output } = await build({
  configFile: false,
  logLevel: 'error',
  build: {
    write: false,
    minify: false,
    lib: { entry, formats: ['es'] },
    rolldownOptions: { external: ['cloudflare:workers'] },
  },
}).then(([bundle]) => bundle);

const worker = new Miniflare({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  modules: true,
  script: output[0].code,
  compatibilityDate: '2025-06-01',
  durableObjects: { Docs: { className: 'Docs', useSQLite: true } },
  // Nothing is fetched about where this machine is.
  cf: false,
});
await worker.ready;
