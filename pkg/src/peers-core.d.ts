// Stands in for the generated glue, which the build puts beside this module's output.
import type { PeersModule } from './peers-boundary.js';

declare const init: PeersModule['default'];
export default init;
export declare const Peers: PeersModule['Peers'];
export declare const __wbg_reset_state: PeersModule['__wbg_reset_state'];
export declare const __wbg_on_trap: PeersModule['__wbg_on_trap'];
