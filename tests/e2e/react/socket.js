// A component with a socket, under StrictMode; the URL's `server` says where to.
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useSocket } from 'rejoin/react';

const server = new URLSearchParams(location.search).get('server');

/** What the handlers of the latest render heard. */
const log = [];
globalThis.log = log;

function Feed({ room }) {
  const [heard, setHeard] = useState([]);
  const { status, send } = useSocket(`${server}/${room}`, {
    backoff: { initialDelay: 100, maxDelay: 500 },
    onMessage: (text) => {
      log.push(`${room}: ${text}`);
      setHeard((before) => [...before, text]);
    },
    onOpen: () => log.push(`${room}: open`),
    onClosed: () => log.push(`${room}: closed`),
  });
  // As an effect keeps it that runs as it is mounted only.
  const [kept] = useState(() => send);
  return h(
    'div',
    null,
    h('output', { 'data-testid': 'status' }, status),
    h('output', { 'data-testid': 'same' }, String(kept === send)),
    h('output', { 'data-testid': 'heard' }, heard.join(' ')),
    h('button', { type: 'button', onClick: () => kept(`from ${room}`) }, 'send'),
  );
}

function App() {
  const [room, setRoom] = useState('one');
  return h(
    'main',
    null,
    room && h(Feed, { room }),
    h('button', { type: 'button', onClick: () => setRoom('two') }, 'switch'),
    h('button', { type: 'button', onClick: () => setRoom(null) }, 'leave'),
  );
}

createRoot(document.getElementById('root')).render(h(StrictMode, null, h(App)));
