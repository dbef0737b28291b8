// Stands in for the generated glue, which the build puts beside this module's output.
import type { CoreModule } from './boundary.js';

declare const init: CoreModule['default'];
export default init;
export declare const Core: CoreModule['Core'];
export declare const __wbg_reset_state: CoreModule['__wbg_reset_state'];
export declare const __wbg_on_trap: CoreModule['__wbg_on_trap'];
