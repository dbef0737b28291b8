/**
 * Seals what is kept on this device.
 * @example
 * const client = createClient({
 *   url,
 *   schema,
 *   persistence: { encrypt: async (record) => record.map((byte) => byte ^ 7), decrypt: async (sealed) => sealed.map((byte) => byte ^ 7) },
 * });
 */
export interface Encryption {
  /** Seals a record. It is not saved, and not sent, before this resolves; if it rejects, nothing is saved any more (`E_KEY`). */
  encrypt(record: Uint8Array): Promise<Uint8Array>;
  /** Opens one: rejects if the key is another one, resolves to no bytes if the record was damaged. */
  decrypt(sealed: Uint8Array): Promise<Uint8Array>;
}

/** Marks of the key and of the nonce before each record, in bytes. */
const MARK = 8;
const NONCE = 12;

/**
 * Encrypts what is kept on this device with AES-GCM, by the browser's own cryptography. The page must be secure (`https`).
 *
 * The key is yours to make and to keep, for example behind a password: without it the data is lost. Room names stay readable.
 * @param key A `CryptoKey` for `AES-GCM` that may encrypt and decrypt; it need not be extractable.
 * @example
 * const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt']);
 * const client = createClient({ url, schema, persistence: encryptedWith(key) });
 */
export function encryptedWith(key: CryptoKey): Encryption {
  let known: Promise<Uint8Array> | null = null;
  const mark = (): Promise<Uint8Array> => {
    known ??= markOf(key);
    return known;
  };
  return {
    async encrypt(record) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE));
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plainBytes(record)));
      const out = new Uint8Array(MARK + NONCE + sealed.length);
      out.set(await mark());
      out.set(iv, MARK);
      out.set(sealed, MARK + NONCE);
      return out;
    },
    async decrypt(sealed) {
      const own = await mark();
      if (!own.every((byte, at) => byte === sealed[at])) throw new Error('it was sealed with another key');
      const bytes = plainBytes(sealed);
      const iv = bytes.slice(MARK, MARK + NONCE);
      const opened = crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes.slice(MARK + NONCE));
      return opened.then(
        (record) => new Uint8Array(record),
        () => new Uint8Array(),
      );
    },
  };
}

/** Tells keys apart and nothing else about them: the end of the tag of no bytes under a nonce that records never have. */
async function markOf(key: CryptoKey): Promise<Uint8Array> {
  const iv = new Uint8Array(NONCE);
  const tag = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array());
  return new Uint8Array(tag).slice(-MARK);
}

/** A copy in a buffer of its own, which is never shared memory. */
function plainBytes(bytes: Uint8Array) {
  return new Uint8Array(bytes);
}
