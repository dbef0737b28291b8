// Hocuspocus as npm has it: servers of its three versions, and its provider in Node.
import { once } from 'node:events';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { start, stop } from '../../../scripts/lib/run.mjs';
import { temporaryFolder } from './folder.mjs';
import { freshHarness } from './harness.mjs';
import { accepts, freePort } from './stock-server.mjs';
import { until } from './wait.mjs';

const program = new URL('hocuspocus-program.mjs', import.meta.url).pathname;
const onLoopback = new URL('on-loopback.mjs', import.meta.url).href;

/** Two servers of version 4 for the same documents, as two machines behind one address: Redis between them, one database. */
export async function hocuspocusNodes(t) {
  const port = await freePort();
  const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = start('redis-server', ['--port', String(port), ...quiet]);
  t.after(() => stop(child, 'SIGKILL'));
  await until('redis-server listens', () => accepts(port));
  const redis = { pause: () => stop(child, 'SIGSTOP'), resume: () => stop(child, 'SIGCONT') };
  const folder = temporaryFolder();
  const nodes = await Promise.all([1, 2].map(() => hocuspocusServer(t, 4, { redis: port, folder })));
  return { nodes, redis };
}

/** Starts a server that keeps its documents in files; it can be killed and started again. */
export async function hocuspocusServer(t, version, options = {}) {
  const given = JSON.stringify({ version, port: await freePort(), folder: temporaryFolder(), ...options });
  const { port, folder } = JSON.parse(given);
  const said = [];
  let starts = 0;
  let child;
  const server = {
    ws: `ws://127.0.0.1:${port}/collaboration`,
    folder,
    /** What it wrote on its console. */
    said,
    start: async () => {
      child = start(process.execPath, ['--import', onLoopback, program, given]);
      child.stdout.on('data', (chunk) => said.push(String(chunk)));
      child.stderr.on('data', (chunk) => said.push(String(chunk)));
      starts++;
      const listens = () => said.join('').split('listening').length > starts;
      await until(`Hocuspocus ${version} listens`, listens);
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      stop(child, 'SIGKILL');
      await closed;
    },
    /** Sockets open and ever made, tokens, texts that are no part of a document. */
    seen: async () => (await fetch(`http://127.0.0.1:${port}/seen`)).json(),
  };
  await server.start();
  t.after(() => server.kill());
  return server;
}

/** A stock client in a document. */
export function stockProvider(t, server, name, token = 'good') {
  const document = new Y.Doc();
  const quick = { delay: 100, minDelay: 50, maxDelay: 500 };
  const websocketProvider = new HocuspocusProviderWebsocket({ url: server.ws, WebSocketPolyfill: WebSocket, ...quick });
  const heard = [];
  const provider = new HocuspocusProvider({
    websocketProvider,
    name,
    document,
    token,
    onStateless: ({ payload }) => heard.push(payload),
  });
  provider.attach();
  t.after(() => {
    provider.destroy();
    websocketProvider.destroy();
    document.destroy();
  });
  const text = document.getText('note');
  return {
    provider,
    text,
    heard,
    synced: () => until('the stock client is synced', () => provider.isSynced && provider.unsyncedChanges === 0),
    hasText: (expected) =>
      until(`the stock client has ${JSON.stringify(expected)}, not ${text}`, () => text.toString() === expected),
    sees: (who) =>
      until(`the stock client sees ${who}`, () =>
        [...provider.awareness.getStates().values()].some((state) => state.name === who),
      ),
  };
}

/** A harness page whose clients speak to Hocuspocus; it keeps the stateless messages it hears. */
export async function hocuspocusPage(t, site) {
  const page = await freshHarness(t, site);
  await page.page.evaluate(() => window.speakHocuspocus());
  return page;
}
