import type { CoreVault } from '../boundary.js';
import type { Encryption } from '../encryption.js';
import { SyncError, wordsOf } from '../errors.js';

/** Sealed records begin with this; what was written before anything was sealed begins with its version, 1. */
const SEALED = [0x72, 0x6a, 0x73, 0x31];

/** What the core gives records to before it writes them, and after it has read them. A refusal is told as `E_KEY`. */
export function vaultOf({ encrypt, decrypt }: Encryption, report: (error: SyncError) => void): CoreVault {
  const seal = async (record: Uint8Array): Promise<Uint8Array> => {
    const sealed = await encrypt(record);
    const out = new Uint8Array(SEALED.length + sealed.length);
    out.set(SEALED);
    out.set(sealed, SEALED.length);
    return out;
  };
  const open = async (record: Uint8Array): Promise<Uint8Array> => {
    const isSealed = SEALED.every((byte, at) => byte === record[at]);
    return isSealed ? decrypt(record.slice(SEALED.length)) : record;
  };
  return async (database, opens, records) => {
    try {
      return await Promise.all(records.map(opens ? open : seal));
    } catch (cause) {
      const room = database.split('/').slice(2).join('/');
      const words = wordsOf(cause);
      const verb = opens ? 'opened' : 'sealed';
      const message = `what this device keeps cannot be ${verb} (${words}); nothing is overwritten, edits live in memory`;
      const error = new SyncError('E_KEY', message, { room, cause });
      report(error);
      throw error;
    }
  };
}
