// Hono on Node: streamSSE, and its WebSocket helper.
import { serve, upgradeWebSocket } from '@hono/node-server';
import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { cors } from 'hono/cors';
import { streamSSE } from 'hono/streaming';
import { WebSocketServer } from 'ws';

const app = new Hono();
const refused = { socket: 5, events: 1 };

app.use(cors({ origin: '*', exposeHeaders: ['retry-after'] }));

const ticks = (c) =>
  streamSSE(c, async (stream) => {
    for (let n = Number(c.req.header('last-event-id') ?? 0) + 1; !stream.aborted; n++) {
      await stream.writeSSE({ id: String(n), event: 'tick', data: JSON.stringify({ n }) });
      await stream.sleep(20);
    }
  });

app.get('/events', ticks);
app.get('/private/events', bearerAuth({ token: 'secret' }), ticks);
app.get('/busy/events', (c) => (refused.events-- > 0 ? c.text('busy', 503, { 'retry-after': '1' }) : ticks(c)));

app.post('/stream', async (c) => {
  const { prompt } = await c.req.json();
  return streamSSE(c, async (stream) => {
    for (const word of prompt.split(' ')) {
      await stream.writeSSE({ data: JSON.stringify({ choices: [{ delta: { content: `${word} ` } }] }) });
      await stream.sleep(5);
    }
    await stream.writeSSE({ data: '[DONE]' });
  });
});

const echo = upgradeWebSocket(() => ({ onMessage: ({ data }, socket) => socket.send(data) }));

app.get('/ws', echo);
app.get('/private', (c, next) => (c.req.query('token') === 'secret' ? next() : c.text('token wanted', 401)), echo);
app.get('/busy', (c, next) => (refused.socket-- > 0 ? c.text('busy', 503, { 'retry-after': '1' }) : next()), echo);

serve({
  fetch: app.fetch,
  hostname: '127.0.0.1',
  port: Number(process.env.PORT),
  websocket: { server: new WebSocketServer({ noServer: true }) },
});
