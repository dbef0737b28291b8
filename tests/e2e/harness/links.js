// A page that tests drive: the package as plain modules, for sockets that need no room.
import * as rejoin from '/rejoin/index.browser.js';

window.rejoin = rejoin;

/** Quick to come back, so that tests are. */
window.quick = { initialDelay: 100, maxDelay: 500 };

/** A socket with everything it tells; binary messages as lists. */
window.openSocket = (url, options = {}) => {
  const socket = rejoin.reconnectingWebSocket(url, { backoff: window.quick, ...options });
  const seen = { opens: 0, messages: [], closes: [], errors: [], states: [] };
  socket.onopen = () => seen.opens++;
  socket.onmessage = ({ data }) => seen.messages.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
  socket.onclose = ({ code, reason, wasClean }) => seen.closes.push({ code, reason, wasClean });
  socket.onerror = ({ error }) => seen.errors.push(error.code);
  socket.state.subscribe(() => {
    const { error, ...state } = socket.state.getSnapshot();
    seen.states.push({ ...state, error: error?.code ?? null });
  });
  window.socket = socket;
  window.seen = seen;
  return socket;
};

/** The code with which a promise is rejected, or null. */
window.codeOf = (promise) =>
  promise.then(
    () => null,
    ({ name, code, message }) => code ?? `${name}: ${message}`,
  );

/** Resolves when something is so. */
window.until = async (what) => {
  for (let turn = 0; turn < 1_500; turn++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}: ${JSON.stringify(window.seen)}`);
};

window.loaded = true;
