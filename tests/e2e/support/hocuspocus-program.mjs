// A Hocuspocus server of version 2, 3 or 4 with hooks as apps write them, a process of its own; one of several where it is
// given a port of Redis. What it is asked by `sendStateless` it does; what it has seen it tells at /seen.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Y from 'yjs';

const { version, port, folder, auth, timeout, redis } = JSON.parse(process.argv[2]);
const packages = { 2: 'hocuspocus-server-2', 3: '@hocuspocus/server', 4: 'hocuspocus-server-4' };
const { Hocuspocus, Server } = await import(packages[version]);
const extensions = redis ? [await throughRedis()] : [];

const seen = { open: 0, made: 0, tokens: [], fresh: [], stateless: [] };
const fileOf = (name) => join(folder, encodeURIComponent(name));

async function throughRedis() {
  const { Redis } = await import('@hocuspocus/extension-redis');
  return new Redis({ host: '127.0.0.1', port: redis });
}

function admit(token, name, config) {
  if (!auth) return;
  if (name === 'closed-to-all') throw Object.assign(new Error('no'), { reason: 'Forbidden' });
  if (token === 'reader') config.readOnly = true;
  else if (!token.startsWith('good')) throw new Error('no');
}

const commands = {
  'close this document': (connection) => connection.close({ code: 4205, reason: 'Reset Connection' }),
  'want a token': (connection) => connection.requestToken(),
  'tell all': (connection) => connection.document.broadcastStateless('to all'),
};

const configuration = {
  port,
  address: '127.0.0.1',
  quiet: true,
  debounce: 20,
  maxDebounce: 100,
  stopOnSignals: false,
  extensions,
  ...(timeout && { timeout }),
  async onUpgrade({ socket }) {
    seen.open++;
    seen.made++;
    socket.once('close', () => seen.open--);
  },
  async onRequest({ request, response }) {
    if (request.url !== '/seen') return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
    return Promise.reject();
  },
  async onAuthenticate({ token, documentName, connection, connectionConfig = connection }) {
    seen.tokens.push(token);
    admit(token, documentName, connectionConfig);
  },
  async onTokenSync({ token }) {
    seen.fresh.push(token);
    admit(token, '', {});
  },
  async onLoadDocument({ document, documentName }) {
    if (documentName === 'does-not-load' && !existsSync(fileOf('mended'))) throw new Error('the database is away');
    if (existsSync(fileOf(documentName))) Y.applyUpdate(document, readFileSync(fileOf(documentName)));
  },
  async onStoreDocument({ document, documentName }) {
    // As a whole or not at all: it may be killed here.
    writeFileSync(`${fileOf(documentName)}.new`, Y.encodeStateAsUpdate(document));
    renameSync(`${fileOf(documentName)}.new`, fileOf(documentName));
  },
  async onStateless({ connection, payload }) {
    seen.stateless.push(payload);
    if (commands[payload]) commands[payload](connection);
    else connection.sendStateless(`heard ${payload}`);
  },
};

const server = version === 2 ? new Hocuspocus(configuration) : new Server(configuration);
await server.listen();
console.log('listening');
