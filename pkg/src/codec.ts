import type { CodecModule } from './codec-boundary.js';
import { isProblem, SyncError, toSyncError } from './errors.js';
import { loadCore, type Platform } from './load.js';

/** Yjs updates in their other format. */
export interface UpdateCodec {
  /** The V1 form of a V2 update; rejects with `E_UPDATE` if it is none. */
  toV1(update: Uint8Array): Promise<Uint8Array>;
  /** The V2 form of a V1 update; rejects with `E_UPDATE` if it is none. */
  toV2(update: Uint8Array): Promise<Uint8Array>;
}

/** Bytes in and out above which the instance is let go of: wasm gives no memory back. */
const LARGE = 1 << 20;

/** A codec that loads its module when it is used. Does nothing by itself. */
export function lazyCodec(platform: Platform<CodecModule>): UpdateCodec {
  let loading: Promise<CodecModule> | null = null;
  const load = (): Promise<CodecModule> => {
    loading ??= loadCore(platform).catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
  return {
    toV1: async (update) => convert(await load(), update, (module) => module.toV1(update)),
    toV2: async (update) => convert(await load(), update, (module) => module.toV2(update)),
  };
}

/** Nothing is kept in an instance, so one that trapped or grew is replaced. */
function convert(module: CodecModule, update: Uint8Array, how: (module: CodecModule) => Uint8Array): Uint8Array {
  try {
    const converted = how(module);
    if (update.byteLength + converted.byteLength > LARGE) module.__wbg_reset_state();
    return converted;
  } catch (thrown) {
    if (isProblem(thrown)) throw toSyncError(thrown);
    module.__wbg_reset_state();
    throw new SyncError('E_UPDATE', 'the update is more than can be converted', { cause: thrown });
  }
}
