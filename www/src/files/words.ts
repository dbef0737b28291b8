import type { FileTransfer } from 'rejoin';

/** Where a transfer stands. */
export function statusInWords({ direction, status, size, transferred }: FileTransfer): string {
  const incoming = direction === 'incoming';
  switch (status) {
    case 'offered':
      return incoming ? 'Offered to you' : 'Offered';
    case 'transferring':
      return `${sizeInWords(transferred)} of ${sizeInWords(size)}`;
    case 'waiting':
      return 'Waits for the link; goes on where it was';
    case 'done':
      return incoming ? 'Here, whole' : 'Arrived, whole';
    case 'rejected':
      return incoming ? 'Refused by you' : 'Refused';
    case 'cancelled':
      return 'Stopped';
    case 'failed':
      return 'Failed';
  }
}

/** A file's name on one line, without what would turn the reading direction: `exe` must not pass for `jpg`. */
export function nameInWords(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}

/** A size in bytes for people. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
