// Socket.IO servers: events, acknowledgements, binary, namespaces, login.
import assert from 'node:assert/strict';

export const socketIoCases = {
  exchange: {
    title: 'exchanges events and acknowledgements, text and binary',
    run: async ({ page, server }) => {
      await page.socketIo(server.url);
      await page.hasStatus('connected');
      assert.equal(await page.ask('héllo'), 'héllo');
      assert.deepEqual(await page.ask({ bytes: [0, 255, 7] }), { bytes: [0, 255, 7] });
      await page.hasMessages(2);
      assert.deepEqual((await page.seen()).messages, ['héllo', { bytes: [0, 255, 7] }]);
      return 'events, acks, binary';
    },
  },
  restart: {
    title: 'comes back when the server is killed and started again',
    run: async ({ page, server }) => {
      await page.socketIo(server.url);
      await page.hasStatus('connected');
      assert.equal(await page.ask('before'), 'before');
      await server.kill();
      await page.hasStatus('reconnecting');
      await server.start();
      await page.hasStatus('connected');
      assert.equal(await page.ask('after'), 'after');
      assert.deepEqual((await page.seen()).messages, ['before', 'after']);
      return 'nothing lost or twice';
    },
  },
  token: {
    title: 'gets into a namespace with its token',
    run: async ({ page, server }) => {
      await page.socketIo(`${server.url}/private`, { auth: { token: 'secret' } });
      await page.hasStatus('connected');
      assert.equal(await page.ask('in'), 'in');
      return 'with the token';
    },
  },
  refused: {
    title: 'tells a refused login as a typed error',
    run: async ({ page, server }) => {
      await page.socketIo(`${server.url}/private`, { auth: { token: 'stale' } });
      const error = await page.firstError();
      assert.match(error.message, /token wanted/);
      return `${error.code} after connect_error`;
    },
  },
};
