import type { LinkQuality } from './types.js';

/** One look at a link. Counts since it began; times in milliseconds. What is not known is null. */
export interface LinkSample {
  readonly rtt: number | null;
  /** Packets of media received and lost. */
  readonly received: number;
  readonly lost: number;
  /** How often, and how long, a picture stood still. */
  readonly freezes: number;
  /** Whether this machine or its uplink is too slow for what is sent (`cpu`, `bandwidth`). */
  readonly limited: boolean;
}

/** Round trips in milliseconds and shares of lost packets from which on a link is no longer good, or is poor. */
const FAIR = { rtt: 250, loss: 0.02, freezes: 1 };
const POOR = { rtt: 600, loss: 0.08, freezes: 3 };

/** Judges a link by two looks at it. */
export function judge(before: LinkSample | null, now: LinkSample): LinkQuality {
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  const received = Math.max(0, now.received - (before?.received ?? 0));
  const loss = lost === 0 ? 0 : lost / (lost + received);
  const freezes = Math.max(0, now.freezes - (before?.freezes ?? 0));
  const exceeds = (limit: typeof FAIR): boolean =>
    (now.rtt ?? 0) >= limit.rtt || loss >= limit.loss || freezes >= limit.freezes;
  if (exceeds(POOR)) return 'poor';
  return exceeds(FAIR) || now.limited ? 'fair' : 'good';
}

/** Bits a second for the video to each of so many peers; sound goes first. */
export function budget(uplink: number, peers: number): number {
  const AUDIO = 40_000;
  const LEAST = 60_000;
  return Math.max(LEAST, Math.floor(uplink / Math.max(1, peers)) - AUDIO);
}
