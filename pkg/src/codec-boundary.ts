import type { WasmModule } from './boundary.js';

/** The module of other forms of updates: functions that keep nothing. */
export interface CodecModule extends WasmModule {
  /** The V1 form of a V2 update; throws `E_UPDATE`. */
  toV1(update: Uint8Array): Uint8Array;
  /** The V2 form of a V1 update; throws `E_UPDATE`. */
  toV2(update: Uint8Array): Uint8Array;
  crashForTest(): void;
}
