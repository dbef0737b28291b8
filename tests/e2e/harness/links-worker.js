// A worker that tests drive, of one page or shared: a stream of events and a socket, and all they hear.
import { reconnectingEventSource, reconnectingWebSocket } from '/rejoin/index.browser.js';

const backoff = { initialDelay: 100, maxDelay: 500 };
let socket;

self.onconnect = ({ ports: [port] }) => serve(port);
if (typeof self.postMessage === 'function') serve(self);

/** Answers `{ http, ws }` by opening both, and `{ send }` by sending. */
function serve(port) {
  port.onmessage = ({ data: { http, ws, send } }) => {
    if (send) {
      socket.send(send);
      return;
    }
    const events = reconnectingEventSource(http, { backoff });
    events.on('message', (data) => port.postMessage(`event ${data}`));
    socket = reconnectingWebSocket(ws, { backoff, buffer: true });
    socket.onmessage = ({ data }) => port.postMessage(`message ${data}`);
  };
}
