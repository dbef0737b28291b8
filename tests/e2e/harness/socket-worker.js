// Echoes once from inside a worker.
import { reconnectingWebSocket } from '/rejoin/index.browser.js';

addEventListener('message', async ({ data: url }) => {
  const socket = reconnectingWebSocket(url);
  await socket.ready;
  const heard = [];
  const reading = (async () => {
    for await (const data of socket) {
      heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
      if (heard.length === 2) return;
    }
  })();
  await socket.send('from a worker');
  await socket.send(new Uint8Array([1, 2, 3]));
  await reading;
  postMessage(heard);
});
