// What `rejoin doctor` says of servers that people run.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { examine } from '../../e2e/support/doctor.mjs';
import { catalogue } from '../../servers/catalogue.mjs';
import { running } from './running.mjs';

describe('the doctor on servers that people run', { concurrency: 3 }, () => {
  for (const [name, { title, socket, events, socketIo }] of Object.entries(catalogue)) {
    describe(title, { concurrency: 1 }, () => {
      if (socket) {
        it('finds an echo, and how a token is wanted and taken', async (t) => {
          const server = await running(t, name);
          const open = await examine(`${server.ws}/ws`);
          assert.equal(open.found.protocol.data.name, 'echo');
          assert.equal(open.found.echo.data.binary, true);
          assert.equal(open.code, 0);
          const stranger = await examine(`${server.ws}/private`);
          assert.equal(stranger.code, 1);
          const how = stranger.found.close?.data.code ?? stranger.found.handshake.data.status;
          assert.equal(how, { 'HTTP 401': 401, hidden: 401, 1008: 1008, 4401: 4401 }[socket.refuses]);
          const known = await examine(`${server.ws}/private`, '--token', 'secret');
          assert.equal(known.found.auth.data.carrier, 'query ?token=');
          assert.equal(known.code, 0);
        });
      }
      if (events) {
        it('finds the stream, its ids, and whether it resumes', async (t) => {
          const server = await running(t, name);
          const open = await examine(`${server.url}/events`);
          assert.equal(open.kind, 'sse');
          assert.deepEqual(open.found.events.data.types, ['tick']);
          assert.equal(open.found.buffering.verdict, 'ok');
          assert.equal(open.found.resume.verdict, events.replays ? 'ok' : 'info');
          assert.equal(open.code, 0);
          const stranger = await examine(`${server.url}/private/events`, '--kind', 'sse');
          assert.equal(stranger.found.answer.data.status, 401);
          const known = await examine(`${server.url}/private/events`, '--kind', 'sse', '--token', 'secret');
          assert.equal(known.code, 0);
        });
      }
      if (socketIo) {
        it('finds Socket.IO', async (t) => {
          const server = await running(t, name);
          const { kind, code, found } = await examine(server.url);
          assert.equal(kind, 'ws');
          assert.equal(found.protocol.data.name, 'Socket.IO');
          assert.equal(found.login.data.login, 'accepted');
          assert.equal(code, 0);
        });
      }
    });
  }
});
