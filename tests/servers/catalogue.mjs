// The servers that people run: how each is started, and what it offers.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../scripts/env.mjs';
import { goProgram, partyKit, python, rustProgram, versions } from './install.mjs';

const here = join(root, 'tests', 'servers');
const node = (name) => ({ command: process.execPath, args: [join(here, name, 'main.mjs')] });
const py = (name) => ({ command: python, args: [join(here, name, 'main.py')] });

/**
 * `socket`, `events`, `stream`, `socketIo`, `documents`: what there is. `refuses`: how the socket at /private tells that a token is
 * wanted. `busy`: how the one at /busy tells that it has no time. `replays`: whether events go on after Last-Event-ID. `path`: where it
 * has its documents, if not at the top.
 */
export const catalogue = {
  fastapi: {
    title: 'FastAPI, sse-starlette, uvicorn',
    version: () => `${versions.pip('fastapi')}, ${versions.pip('sse-starlette')}, ${versions.pip('uvicorn')}`,
    needs: ['python'],
    run: ({ port }) => ({
      command: python,
      args: ['-m', 'uvicorn', '--app-dir', join(here, 'fastapi'), 'main:app', '--host', '127.0.0.1', '--port', port],
    }),
    socket: { refuses: '1008', busy: 'HTTP 503' },
    events: { replays: true },
    stream: 'openai',
  },
  pycrdt: {
    title: 'pycrdt-websocket, uvicorn',
    version: () => `${versions.pip('pycrdt-websocket')}, ${versions.pip('uvicorn')}`,
    needs: ['python'],
    run: ({ port }) => ({
      command: python,
      args: ['-m', 'uvicorn', '--app-dir', join(here, 'pycrdt'), 'main:app', '--host', '127.0.0.1', '--port', port],
    }),
    documents: true,
  },
  'y-websocket': {
    title: '@y/websocket-server',
    version: () => versions.npm('@y/websocket-server'),
    needs: [],
    run: ({ port }) => ({
      command: process.execPath,
      args: [join(root, 'node_modules', '@y', 'websocket-server', 'src', 'server.js')],
      env: { HOST: '127.0.0.1', PORT: port },
    }),
    documents: true,
  },
  partyserver: {
    title: 'y-partyserver, workerd',
    version: () => `${versions.npm('y-partyserver')}, ${versions.npm('workerd')}`,
    needs: [],
    run: () => node('partyserver'),
    path: '/parties/docs',
    documents: true,
  },
  websockets: {
    title: 'Python websockets',
    version: () => versions.pip('websockets'),
    needs: ['python'],
    run: () => py('websockets'),
    socket: { refuses: 'HTTP 401', busy: 'HTTP 503' },
  },
  'flask-sse': {
    title: 'Flask-SSE, Redis',
    version: () => `${versions.pip('flask-sse')}, ${versions.pip('flask')}`,
    needs: ['python', 'redis'],
    beside: 'redis',
    run: () => py('flask-sse'),
    events: { replays: false },
    stream: 'text',
  },
  'flask-socketio': {
    title: 'Flask-SocketIO',
    version: () => versions.pip('flask-socketio'),
    needs: ['python'],
    run: () => py('flask-socketio'),
    socketIo: true,
  },
  axum: {
    title: 'axum',
    version: () => versions.cargo('axum'),
    needs: ['rust'],
    run: () => ({ command: rustProgram('axum'), args: [] }),
    socket: { refuses: 'HTTP 401', busy: 'HTTP 503' },
    events: { replays: true },
    stream: 'openai',
  },
  tungstenite: {
    title: 'tokio-tungstenite',
    version: () => versions.cargo('tokio-tungstenite'),
    needs: ['rust'],
    run: () => ({ command: rustProgram('tungstenite'), args: [] }),
    // It answers nothing but handshakes, so that a page cannot ask for the status; who wants it told lets the socket in and closes it.
    socket: { refuses: 'hidden', busy: 'hidden', tells: { path: '/private/told', by: '4401' } },
  },
  'node-ws': {
    title: 'Node http, ws',
    version: () => versions.npm('ws'),
    needs: [],
    run: () => node('node-ws'),
    socket: { refuses: 'HTTP 401', busy: 'HTTP 503' },
  },
  'node-sse': {
    title: 'Node http alone',
    version: () => process.versions.node,
    needs: [],
    run: () => node('node-sse'),
    events: { replays: true },
    stream: 'openai',
  },
  hono: {
    title: 'Hono, @hono/node-server',
    version: () => `${versions.npm('hono')}, ${versions.npm('@hono/node-server')}`,
    needs: [],
    run: () => node('hono'),
    socket: { refuses: 'HTTP 401', busy: 'HTTP 503' },
    events: { replays: true },
    stream: 'openai',
  },
  'socket.io': {
    title: 'socket.io',
    version: () => versions.npm('socket.io'),
    needs: [],
    run: () => node('socket.io'),
    socketIo: true,
  },
  gorilla: {
    title: 'Go net/http, gorilla/websocket',
    version: () => `${versions.debian('golang-go')}, ${versions.debian('golang-github-gorilla-websocket-dev')}`,
    needs: ['go'],
    run: () => ({ command: goProgram('gorilla'), args: [] }),
    socket: { refuses: 'HTTP 401', busy: 'HTTP 503' },
    events: { replays: true },
    stream: 'openai',
  },
  nhooyr: {
    title: 'Go nhooyr.io/websocket',
    version: () => versions.debian('golang-nhooyr-websocket-dev'),
    needs: ['go'],
    run: () => ({ command: goProgram('nhooyr'), args: [] }),
    socket: { refuses: '4401', busy: '1013' },
  },
};

/** Those that are not part of `npm test`: `npm run test:field`. */
export const onRequest = {
  partykit: {
    title: 'y-partykit, partykit dev',
    needs: ['partykit'],
    run: ({ port }) => ({
      command: process.execPath,
      args: [
        partyKit.program,
        'dev',
        '--port',
        port,
        '--persist',
        'false',
        '--disable-request-cf-fetch',
        '--no-hotkeys',
      ],
      // It starts itself once more.
      env: { CI: '1', NODE_OPTIONS: `--import ${pathToFileURL(join(here, 'partykit', 'on-loopback.mjs'))}` },
      cwd: partyKit.folder,
    }),
    path: '/parties/main',
    documents: true,
  },
};
