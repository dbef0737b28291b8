import { SyncError } from '../errors.js';

/** As y-webrtc has it. */
const ITERATIONS = 100_000;
const NONCE = 12;

/** Encrypts and decrypts what is said to servers of y-webrtc: AES-GCM, with a key that PBKDF2 derives from the room's password. */
export class Seal {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /** Derives the key, with the room's name as salt; rejects with `E_UNSUPPORTED` where the page has no WebCrypto. */
  static async derive(password: string, room: string): Promise<Seal> {
    const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
    if (!subtle) {
      throw new SyncError('E_UNSUPPORTED', 'a password needs WebCrypto, which pages have that are loaded securely', {
        room,
      });
    }
    const [secret, salt] = [password, room].map((text) => new TextEncoder().encode(text)) as [
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
    const material = await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']);
    const derivation = { name: 'PBKDF2', salt, iterations: ITERATIONS, hash: 'SHA-256' };
    const cipher = { name: 'AES-GCM', length: 256 };
    return new Seal(await subtle.deriveKey(derivation, material, cipher, false, ['encrypt', 'decrypt']));
  }

  /** Encrypts under a nonce of its own. */
  async close(plain: BufferSource): Promise<readonly [nonce: Uint8Array, sealed: Uint8Array]> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    return [nonce, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, this.#key, plain))];
  }

  /** Decrypts; undefined if this key does not. */
  async open(nonce: BufferSource, sealed: BufferSource): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, this.#key, sealed));
    } catch {
      return undefined;
    }
  }
}
