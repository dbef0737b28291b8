// Stands in for the generated glue, which the build puts beside this module's output.
import type { LinksModule } from './links-boundary.js';

declare const init: LinksModule['default'];
export default init;
export declare const Links: LinksModule['Links'];
export declare const __wbg_reset_state: LinksModule['__wbg_reset_state'];
export declare const __wbg_on_trap: LinksModule['__wbg_on_trap'];
