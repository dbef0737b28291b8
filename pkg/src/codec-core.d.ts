// Stands in for the generated glue, which the build puts beside this module's output.
import type { CodecModule } from './codec-boundary.js';

declare const init: CodecModule['default'];
export default init;
export declare const toV1: CodecModule['toV1'];
export declare const toV2: CodecModule['toV2'];
export declare const crashForTest: CodecModule['crashForTest'];
export declare const __wbg_reset_state: CodecModule['__wbg_reset_state'];
export declare const __wbg_on_trap: CodecModule['__wbg_on_trap'];
