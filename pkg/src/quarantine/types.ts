/**
 * A record of a room's log that crashed the core again and again, and was set aside. It stays in the database until it is discarded.
 * @example
 * for (const { update, discard } of await client.quarantined('notes')) {
 *   if (update) await fetch('/support', { method: 'POST', body: new Blob([update.slice()]) });
 *   await discard();
 * }
 */
export interface QuarantinedRecord {
  /** Names it within its room. */
  readonly key: number;
  /** The Yjs update (V1) in it, if it holds one. Whatever applies it may crash as the core did. */
  readonly update: Uint8Array | null;
  /** The whole record (PROTOCOL.md), opened if the app seals records. */
  readonly bytes: Uint8Array;
  /** Deletes it for good. Rejects with `E_STORAGE`. */
  discard(): Promise<void>;
}
