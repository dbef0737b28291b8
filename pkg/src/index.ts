export { createClient } from './entry/client.js';
export { reconnectingWebSocket, socketIo } from './entry/sockets.js';
export { reconnectingEventSource, stream } from './entry/streams.js';
export * from './exports.js';
