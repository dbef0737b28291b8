// What every app of documents needs once a room is entered, fetched beside the wasm.

export { DocumentView } from './document.js';
export { pauseInBackground } from './guard/background.js';
export { clearData, clearLog, withShelf } from './guard/clear.js';
export { watchDevice } from './guard/device.js';
export { watchDropped } from './guard/dropped.js';
export { People } from './guard/people.js';
export { vaultOf } from './guard/vault.js';
export { watchLostConnection } from './lost-connection.js';
export { preventUnsaved } from './unsaved.js';
