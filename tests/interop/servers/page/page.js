// A page that tests drive: one link at a time on `window.link`, everything it tells on `window.seen`.
import * as rejoin from '/rejoin/index.browser.js';

/** Quick to come back, so that tests are. */
const backoff = { initialDelay: 50, maxDelay: 300 };

/** Gives one token after the other, the last one for ever. */
function tokensOf(tokens) {
  return tokens && { auth: () => tokens[Math.min(window.seen.asked++, tokens.length - 1)] };
}

window.openSocket = (url, { tokens, ...options } = {}) => {
  const seen = begin();
  const token = tokens && { ...tokensOf(tokens), tokenIn: { query: 'token' } };
  const socket = rejoin.reconnectingWebSocket(url, { backoff, ...token, ...options });
  socket.addEventListener('message', ({ data }) => seen.messages.push(plain(data)));
  socket.addEventListener('error', ({ error }) => seen.errors.push(words(error)));
  follow(socket.state, seen.states);
  window.link = socket;
};

window.sendAll = (messages) => Promise.all(messages.map((message) => window.link.send(bytesOf(message))));

window.openEvents = (url, { tokens, ...options } = {}) => {
  const seen = begin();
  const events = rejoin.reconnectingEventSource(url, {
    backoff,
    events: { tick: 'json' },
    ...tokensOf(tokens),
    ...options,
  });
  events.on('tick', ({ n }) => seen.messages.push(n));
  follow(events.state, seen.states);
  window.link = events;
};

window.openStream = (url, { prompt, ...options }) => {
  const seen = begin();
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt });
  const stream = rejoin.stream(url, { method: 'POST', headers, body, backoff, ...options });
  follow(stream.state, seen.states);
  stream.done.then(
    (text) => seen.messages.push(text),
    (error) => seen.errors.push(words(error)),
  );
  window.link = stream;
};

window.openSocketIo = (url, options = {}) => {
  const seen = begin();
  const socket = rejoin.socketIo(url, { backoff, ...options });
  socket.on('echoed', (data) => seen.messages.push(plain(data)));
  follow(socket.state, seen.states);
  window.link = socket;
};

/** Emits with an acknowledgement; resolves to what the server answered. */
window.askSocketIo = async (message) => plain(await window.link.emitWithAck('echo', bytesOf(message)));

function begin() {
  window.seen = { messages: [], errors: [], states: [], asked: 0 };
  return window.seen;
}

function follow(store, list) {
  const take = () => {
    const { status, reason, attempt, error } = store.getSnapshot();
    list.push({ status, reason, attempt, error: error && words(error) });
  };
  take();
  store.subscribe(take);
}

const words = ({ name, code, message, retryable }) => ({ name, code, message, retryable });
/** Bytes cross to the test as `{ bytes: […] }`. */
const plain = (data) => (typeof data === 'object' && data !== null ? { bytes: [...new Uint8Array(data)] } : data);
const bytesOf = (message) => (typeof message === 'object' ? new Uint8Array(message.bytes) : message);

window.loaded = true;
