// A page of hooks under StrictMode, in React's development build: only that mounts everything twice.
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useEventSource, useLatest, useStream } from 'rejoin/react';

const server = new URLSearchParams(location.search).get('server');
const kinds = { price: 'json' };
window.renders = { chat: 0, board: 0 };

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

function App() {
  const [shown, setShown] = useState(true);
  window.show = setShown;
  return shown ? (
    <>
      <Chat />
      <Board />
      <Auto />
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
