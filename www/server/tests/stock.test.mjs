// Stock yjs 13 and y-websocket 3.1 clients against the program itself: what they expect of their own server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const program =
  process.env.REJOIN_SERVER ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/rejoin-server');
const patience = 20_000;

test('two clients edit one room, and a third that comes later has it all', async (t) => {
  const server = await startServer(t);
  const [alice, bob] = [client(t, server, 'room'), client(t, server, 'room')];
  await Promise.all([alice, bob].map(synced));
  alice.text.insert(0, 'hello 😀');
  await until(() => bob.text.toString() === 'hello 😀');
  bob.text.insert(8, '!');
  bob.doc.getMap('map').set('list', new Y.Array());
  await until(() => alice.text.toString() === 'hello 😀!' && alice.doc.getMap('map').has('list'));
  alice.text.delete(0, 6);
  await until(() => bob.text.toString() === '😀!');
  const carol = client(t, server, 'room');
  await synced(carol);
  assert.equal(carol.text.toString(), '😀!');
  assert.deepEqual(carol.doc.getMap('map').toJSON(), { list: [] });
});

test('what was written offline on both sides is merged', async (t) => {
  const server = await startServer(t);
  const [alice, bob] = [client(t, server, 'room'), client(t, server, 'room')];
  await Promise.all([alice, bob].map(synced));
  alice.text.insert(0, 'middle');
  await until(() => bob.text.toString() === 'middle');
  bob.provider.disconnect();
  bob.text.insert(0, 'start ');
  alice.text.insert(6, ' end');
  await echoed(server, alice, 'room');
  bob.provider.connect();
  await until(() => [alice, bob].every(({ text }) => text.toString() === 'start middle end'));
});

test('a server killed in mid-edit has everything that a client saw come back', async (t) => {
  const server = await startServer(t);
  const [alice, bob] = [client(t, server, 'room'), client(t, server, 'room')];
  await Promise.all([alice, bob].map(synced));
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 50; n++) alice.text.insert(alice.text.length, 'x');
    await until(() => bob.text.length > round * 50);
    const seen = bob.text.toString();
    await server.kill();
    await server.start();
    const fresh = client(t, server, 'room');
    await until(() => fresh.text.length >= seen.length);
    fresh.provider.destroy();
    await until(() => bob.text.length === (round + 1) * 50);
  }
  for (const { provider } of [alice, bob]) provider.destroy();
  await server.kill();
  await server.start();
  const late = client(t, server, 'room');
  await synced(late);
  assert.equal(late.text.toString(), 'x'.repeat(150));
});

test('one whose socket is cut is gone at once for the others', async (t) => {
  const server = await startServer(t);
  const [alice, bob] = [client(t, server, 'room'), client(t, server, 'room')];
  await Promise.all([alice, bob].map(synced));
  alice.provider.awareness.setLocalStateField('user', { name: 'Alice' });
  const seen = () => bob.provider.awareness.getStates().get(alice.doc.clientID);
  await until(() => seen()?.user?.name === 'Alice');
  alice.provider.shouldConnect = false;
  const causes = [];
  bob.provider.awareness.on('change', ({ removed }, origin) => {
    if (removed.includes(alice.doc.clientID)) causes.push(origin);
  });
  alice.provider.ws.terminate();
  await until(() => seen() === undefined);
  assert.deepEqual(
    causes.map((origin) => origin === bob.provider),
    [true],
    'the server said so, not a timeout',
  );
  const late = client(t, server, 'room');
  await synced(late);
  assert.equal(late.provider.awareness.getStates().has(alice.doc.clientID), false);
});

test('one who comes back with its clock raised by two is seen at once', async (t) => {
  const server = await startServer(t);
  const [alice, bob] = [client(t, server, 'room'), client(t, server, 'room')];
  await Promise.all([alice, bob].map(synced));
  const { awareness } = alice.provider;
  const id = alice.doc.clientID;
  awareness.setLocalState({ here: 1 });
  await until(() => bob.provider.awareness.getStates().has(id));
  alice.provider.shouldConnect = false;
  alice.provider.ws.terminate();
  await until(() => !bob.provider.awareness.getStates().has(id));
  awareness.meta.get(id).clock += 2;
  const { clock } = awareness.meta.get(id);
  alice.provider.connect();
  await until(() => bob.provider.awareness.getStates().has(id));
  assert.equal(
    bob.provider.awareness.meta.get(id).clock,
    clock,
    'by what it said when it came back, not by a later renewal',
  );
});

test('clients that send everything back to the server leave no ghost', async (t) => {
  const server = await startServer(t);
  const clients = Array.from({ length: 5 }, () => client(t, server, 'room'));
  await Promise.all(clients.map(synced));
  for (let n = 0; n < 20; n++) {
    for (const { provider } of clients) provider.awareness.setLocalStateField('n', n);
  }
  await until(() => clients.every(({ provider }) => provider.awareness.getStates().size === 5));
  for (const { provider } of clients) provider.destroy();
  const late = client(t, server, 'room');
  await synced(late);
  await until(async () => (await server.health()).members === 1);
  assert.equal(late.provider.awareness.getStates().size, 1);
});

test('a frame of 120 MiB ends one socket with 1009, not the server', async (t) => {
  const server = await startServer(t);
  const socket = new WebSocket(`${server.ws}/room`);
  await once(socket, 'open');
  socket.send(new Uint8Array(120 << 20));
  socket.on('error', () => {});
  const [code] = await once(socket, 'close');
  assert.equal(code, 1009);
  const alice = client(t, server, 'room');
  await synced(alice);
});

/** A stock client. Tabs of one browser talk by BroadcastChannel as well; here only the server carries. */
function client(t, server, room) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(server.ws, room, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
    maxBackoffTime: 200,
  });
  t.after(() => {
    provider.destroy();
    doc.destroy();
  });
  return { doc, provider, text: doc.getText('text') };
}

function synced({ provider }) {
  return until(() => provider.synced);
}

/** Waits until a fresh client reads what this one has. */
async function echoed(server, { text }, room) {
  const doc = new Y.Doc();
  const probe = new WebsocketProvider(server.ws, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true });
  await until(() => doc.getText('text').toString() === text.toString());
  probe.destroy();
  doc.destroy();
}

/** The program on a disk of its own; killed and started again on the same port. */
async function startServer(t) {
  const data = mkdtempSync(join(tmpdir(), 'rejoin-stock-'));
  let child;
  const server = {
    async start() {
      const port = server.url ? new URL(server.url).port : '0';
      child = spawn(program, ['--port', port, '--data', data, '--log', 'error'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      server.url = line.match(/^listening on (http:.*)$/)[1];
      server.ws = server.url.replace('http', 'ws');
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    health: async () => (await fetch(`${server.url}/health`)).json(),
  };
  await server.start();
  t.after(async () => {
    await server.kill();
    rmSync(data, { recursive: true, force: true });
  });
  return server;
}

async function until(condition) {
  const limit = Date.now() + patience;
  while (!(await condition())) {
    assert.ok(Date.now() < limit, `still not so after ${patience} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
