// What every app of documents needs once a room is entered, fetched beside the wasm.

export { makeCore } from './core-config.js';
export { openView } from './document.js';
export { rememberTransport } from './fallback.js';
export { watchPage } from './guard/page.js';
export { readOthers } from './guard/shown.js';
export { vaultOf } from './guard/vault.js';
export { HistoryImpl } from './history.js';
export { endpointOf } from './room-endpoint.js';
export { connectionOf, syncOf } from './states.js';
