import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine, runDoctor } from './support/doctor.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { freePort, stockServer } from './support/stock-server.mjs';

test("the doctor recognises the project's own server, which lets anybody in", async (t) => {
  const server = await rejoinServer(t);
  const { code, found } = await examine(`${server.ws}/doctor`);
  assert.equal(found.protocol.data.name, 'y-websocket');
  assert.match(found.protocol.advice, /createClient/);
  assert.equal(found.handshake.data.status, 101);
  assert.equal(found.close.data.code, 1000);
  assert.equal(code, 0);
});

test("the doctor learns how the project's own server refuses a room's name", async (t) => {
  const server = await rejoinServer(t);
  const { code, found } = await examine(`${server.ws}/%00`);
  assert.equal(found.handshake.data.status, 400);
  assert.equal(code, 1);
});

test('the doctor recognises @y/websocket-server', async (t) => {
  const server = await stockServer(t);
  const { code, kind, found } = await examine(`${server.ws}/doctor`);
  assert.equal(kind, 'ws');
  assert.equal(found.protocol.data.name, 'y-websocket');
  assert.equal(code, 0);
});

test('for people the doctor prints an aligned table, and how many problems there are', async (t) => {
  const server = await stockServer(t);
  const good = await runDoctor(['doctor', `${server.ws}/doctor`, '--listen', '0.2']);
  assert.equal(good.code, 0);
  assert.match(good.stdout, /^✓ protocol {5}y-websocket/m);
  assert.match(good.stdout, /nothing is broken\n$/);
  const bad = await runDoctor(['doctor', `ws://127.0.0.1:${await freePort()}`]);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /✗ tcp .*ECONNREFUSED/);
  assert.match(bad.stdout, /\n1 problem\n$/);
});

test('a command line that cannot be understood ends with 2 and the usage', async () => {
  const { code, stdout, stderr } = await runDoctor(['doctor', 'localhost:8787']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /ws:\/\//);
  assert.match(stderr, /rejoin doctor URL/);
});
