import type { StreamState } from 'rejoin';
import { counted, reasonInWords } from '../network/words';

/** Where an answer stands, in words that do not change with each of its words: they are read out. */
export function stateInWords({ status, text, error, reason, attempt }: StreamState): string {
  switch (status) {
    case 'idle':
      return reason?.kind === 'requested' ? 'Cut off by you; it goes on when the link is mended.' : '';
    case 'connecting':
      return 'Asking.';
    case 'streaming':
      return 'Answering.';
    case 'reconnecting': {
      const why = reasonInWords({ reason, attempt });
      return why ? `${why}. Going on with the next word soon.` : 'Going on with the next word soon.';
    }
    case 'done':
      return `Whole: ${counted(text.split(/\s+/).filter(Boolean).length, 'word')}.`;
    case 'stopped':
      return 'Stopped by you.';
    case 'error':
      return error?.message ?? 'It failed.';
  }
}
