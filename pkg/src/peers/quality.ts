import type { LinkQuality } from './types.js';

/** One look at a link. Counts since it began; times in milliseconds. What is not known is null. */
export interface LinkSample {
  readonly rtt: number | null;
  /** Packets of media received and lost. */
  readonly received: number;
  readonly lost: number;
  /** How often a picture stood still. */
  readonly freezes: number;
  /** Whether this machine is too slow for what it sends. */
  readonly isSlow: boolean;
}

/** Round trips in milliseconds, shares of lost packets and stills from which on a link is no longer good, or is poor. */
const FAIR = { rtt: 250, loss: 0.02, freezes: 1 };
const POOR = { rtt: 600, loss: 0.08, freezes: 3 };
/** Bits a second for sound, which goes first, and the least for pictures. */
const SOUND = 40_000;
const LEAST = 60_000;
/** Below so many bits a second a small sharp picture is better than a large one of blocks. */
const SMALL = 250_000;

/** Judges a link by two looks at it. */
export function judge(before: LinkSample | null, now: LinkSample): LinkQuality {
  const since = (count: (sample: LinkSample) => number): number =>
    Math.max(0, count(now) - (before ? count(before) : 0));
  const lost = since((sample) => sample.lost);
  const loss = lost === 0 ? 0 : lost / (lost + since((sample) => sample.received));
  const freezes = since((sample) => sample.freezes);
  const exceeds = (limit: typeof FAIR): boolean =>
    (now.rtt ?? 0) >= limit.rtt || loss >= limit.loss || freezes >= limit.freezes;
  if (exceeds(POOR)) return 'poor';
  return exceeds(FAIR) || now.isSlow ? 'fair' : 'good';
}

/** What a browser's statistics say (webrtc-stats §8). */
export function sampleOf(report: RTCStatsReport): LinkSample {
  const all: Record<string, unknown>[] = [];
  report.forEach((stats: Record<string, unknown>) => {
    all.push(stats);
  });
  const inbound = all.filter(({ type }) => type === 'inbound-rtp');
  const sum = (member: string): number => inbound.reduce((total, stats) => total + (Number(stats[member]) || 0), 0);
  const transport = all.find(({ selectedCandidatePairId }) => selectedCandidatePairId !== undefined);
  // Firefox marks the pair itself.
  const pair = all.find(({ id, selected }) => id === transport?.selectedCandidatePairId || selected === true);
  const seconds = pair?.currentRoundTripTime;
  return {
    rtt: typeof seconds === 'number' ? seconds * 1_000 : null,
    received: sum('packetsReceived'),
    lost: sum('packetsLost'),
    freezes: sum('freezeCount'),
    isSlow: all.some(({ qualityLimitationReason }) => qualityLimitationReason === 'cpu'),
  };
}

/** Bits a second for the pictures to each of so many peers. */
export function budget(uplink: number, peers: number): number {
  return Math.max(LEAST, Math.floor(uplink / Math.max(1, peers)) - SOUND);
}

/** Limits what a connection sends of pictures together; a screen keeps its size, or nobody could read it. */
export async function limit(
  connection: RTCPeerConnection,
  bits: number,
  screen: MediaStreamTrack | null,
): Promise<void> {
  const senders = connection.getSenders().filter(({ track }) => track?.kind === 'video');
  const share = Math.floor(bits / Math.max(1, senders.length));
  for (const sender of senders) {
    const parameters = sender.getParameters();
    const [encoding] = parameters.encodings;
    const scale = share < SMALL && sender.track !== screen ? 2 : 1;
    // Before the first description there is nothing to set; the next look comes soon.
    if (!encoding || (encoding.maxBitrate === share && (encoding.scaleResolutionDownBy ?? 1) === scale)) continue;
    Object.assign(encoding, { maxBitrate: share, scaleResolutionDownBy: scale });
    // It may have been renegotiated meanwhile.
    await sender.setParameters(parameters).catch(() => {});
  }
}
