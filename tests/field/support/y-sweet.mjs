// y-sweet as its users have it: its server, an app's own server that hands out client tokens, and its own client in Node.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createYjsProvider } from '@y-sweet/client';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { start, stop } from '../../../scripts/lib/run.mjs';
import { temporaryFolder } from '../../e2e/support/folder.mjs';
import { accepts, freePort } from '../../e2e/support/stock-server.mjs';
import { until } from '../../e2e/support/wait.mjs';
import { ySweetProgram } from '../../servers/install.mjs';

/** Starts a server with tokens, which keeps its documents in files; it can be killed and started again. */
export async function ySweetServer(t) {
  const port = await freePort();
  const folder = temporaryFolder();
  const { private_key: key, server_token: token } = JSON.parse(await said(ySweetProgram, ['gen-auth', '--json']));
  const args = ['serve', '--host', '127.0.0.1', '--port', String(port), '--auth', key, join(folder, 'data')];
  let child;
  const server = {
    kill: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      stop(child, 'SIGKILL');
      await closed;
    },
    start: async () => {
      child = start(ySweetProgram, args);
      // What it says is heard, else it stops when the pipe is full.
      for (const output of [child.stdout, child.stderr]) output.resume();
      await until('y-sweet listens', () => accepts(port));
    },
    /** What the app's server asks it for: a client token for a document, which is made if there is none. */
    clientToken: async (docId, options = {}) => {
      const post = (path, body) =>
        fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      await post('/doc/new', { docId });
      return (await post(`/doc/${docId}/auth`, options)).json();
    },
  };
  await server.start();
  t.after(() => stop(child, 'SIGKILL'));
  return server;
}

/** The app's own server: it answers with a client token made with these options, one after the other, or with a status. */
export async function appServer(t, ySweet, answers = [{}]) {
  let asked = 0;
  const http = createServer(async (request, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    response.setHeader('access-control-allow-origin', '*');
    if (typeof answer === 'number') return response.writeHead(answer).end();
    const token = await ySweet.clientToken(request.url.slice(1), answer).catch(() => null);
    // While y-sweet is down there is nobody to ask.
    if (!token) return response.writeHead(503).end();
    response.end(JSON.stringify(token));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => http.close());
  return { url: `http://127.0.0.1:${http.address().port}`, asked: () => asked };
}

/** Enters a room as docs/guides.md says. */
export function enterBy(page, app, room, options = {}) {
  const enter = (given) => {
    const url = async (context) => {
      const answer = await fetch(`${given.app}/${context.room}`, { method: 'POST' });
      if (!answer.ok) throw answer;
      const { url, token } = await answer.json();
      return token ? `${url}?token=${encodeURIComponent(token)}` : url;
    };
    const initialPresence = { name: 'Ours' };
    return window.openSession({
      url,
      room: given.room,
      options: { transports: ['websocket'], ...given.options },
      enter: { initialPresence },
    });
  };
  return page.page.evaluate(enter, { app: app.url, room, options });
}

/** Its own client in a room. */
export function ySweetClient(t, server, room) {
  const doc = new Y.Doc();
  // It asks for tokens for ever once its server is gone, also when it is destroyed.
  let isOver = false;
  const clientToken = () => (isOver ? new Promise(() => {}) : server.clientToken(room));
  const provider = createYjsProvider(doc, room, clientToken, {
    WebSocketPolyfill: WebSocket,
    showDebuggerLink: false,
  });
  t.after(() => {
    isOver = true;
    provider.destroy();
    doc.destroy();
  });
  const text = doc.getText('note');
  return {
    provider,
    text,
    isThere: () =>
      until('its own client is connected', () => provider.status === 'connected' && !provider.hasLocalChanges),
    hasText: (expected) => until(`its own client has ${expected}, not ${text}`, () => text.toString() === expected),
    sees: (name) =>
      until(`its own client sees ${name}`, () =>
        [...provider.awareness.getStates().values()].some((state) => state.name === name),
      ),
  };
}

async function said(command, args) {
  const child = start(command, args);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}
