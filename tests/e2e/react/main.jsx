// A page of hooks under StrictMode, in React's development build: only that mounts everything twice.
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useEventSource, useLatest, useSocket, useStream } from 'rejoin/react';

const query = new URLSearchParams(location.search);
const [server, sockets] = ['server', 'sockets'].map((name) => query.get(name));
const backoff = { initialDelay: 100, maxDelay: 500 };
const kinds = { price: 'json' };
window.renders = { chat: 0, board: 0, burst: 0 };
window.frames = 0;
let before = performance.now();
const frame = (now) => {
  // What waits for a frame for a quarter of a second is told without one.
  window.frames += 1 + Math.floor((now - before) / 250);
  before = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);

function Chat() {
  window.renders.chat++;
  const { text, status, error, start, stop, retry } = useStream(`${server}/chat`, { resume: { id: 'chat' } });
  window.chat = { start, stop, retry };
  return (
    <p id="chat">
      {status}: {text} {error?.code}
    </p>
  );
}

function Board() {
  window.renders.board++;
  const { events, connection } = useEventSource(`${server}/prices`, { events: kinds });
  const prices = useLatest(events, 'price', ({ symbol }) => symbol);
  const last = useLatest(events, 'price');
  return (
    <p id="board">
      {connection.status}: {prices.size} {last?.value ?? 'none'}
    </p>
  );
}

function Auto() {
  const { text, status } = useStream(`${server}/auto`, { auto: true });
  return (
    <p id="auto">
      {status}: {text}
    </p>
  );
}

/** Two thousand tokens, shown five times a second. */
function Burst() {
  window.renders.burst++;
  const { text, status } = useStream(`${server}/burst`, { auto: true, throttle: 200 });
  return (
    <p id="burst">
      {status}: {text.length}
    </p>
  );
}

/** Functions written inline, over a state that changes. */
function Live() {
  const [token, setToken] = useState('first');
  window.setToken = setToken;
  const { connection } = useEventSource(`${server}/live`, { auth: () => token, backoff });
  const { status } = useSocket(() => `${sockets}/${token}`, { backoff });
  const headers = { authorization: `Bearer ${token}` };
  const fixed = useEventSource(`${server}/fixed`, { headers, shared: false, backoff });
  const named = useEventSource(`${server}/named`, { auth: () => token, shared: `feed/${token}`, backoff });
  const answer = useStream(`${server}/refused`, { headers, auto: true });
  window.retry = answer.retry;
  return (
    <p id="live">
      {token} {connection.status} {status} {fixed.connection.status} {named.connection.status} {answer.status}
    </p>
  );
}

/** Tabs share it by themselves, each with the headers of whoever is signed in. */
function Feed() {
  const [user, setUser] = useState(query.get('feed'));
  window.setUser = setUser;
  const { events } = useEventSource(`${server}/feed`, { headers: { authorization: `Bearer ${user}` }, backoff });
  const last = useLatest(events, 'message');
  return (
    <p id="feed">
      {user}: {last}
    </p>
  );
}

/** All that is shown a token, where there is one. */
function Signed() {
  const [user, setUser] = useState('ann');
  window.setUser = setUser;
  const auth = user ? () => ({ token: user, expiresAt: Date.now() + 3_600_000 }) : undefined;
  const headers = user ? { authorization: `Bearer ${user}` } : undefined;
  const { connection } = useEventSource(`${server}/live`, { auth, backoff });
  const { status } = useSocket(`${sockets}/`, { auth, backoff });
  const [first, second] = [
    useStream(`${server}/refused`, { auth, auto: true }),
    useStream(`${server}/refused?`, { headers, auto: true }),
  ];
  window.retry = () => {
    first.retry();
    second.retry();
  };
  return (
    <p id="signed">
      {user} {connection.status} {status} {first.status} {second.status}
    </p>
  );
}

function App() {
  const [shown, setShown] = useState(true);
  window.show = setShown;
  if (query.has('feed')) return <Feed />;
  if (query.has('signed')) return <Signed />;
  return shown ? (
    <>
      <Chat />
      <Board />
      <Auto />
      <Burst />
      {sockets && <Live />}
    </>
  ) : (
    <p id="gone">gone</p>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
