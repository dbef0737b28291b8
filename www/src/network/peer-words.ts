import type { LinkQuality, Peer, PeerBlock, PeerState } from 'rejoin';

const STATES: Record<PeerState, string> = {
  connecting: 'linking',
  up: 'linked',
  suspect: 'silent',
  restarting: 'healing',
  parked: 'waiting',
};

const BLOCKS: Record<PeerBlock, string> = {
  'no-candidates': 'no way out of this network',
  'no-route': 'no direct way, and no relay',
  'turn-unauthorized': 'the relay refused us',
  'turn-refused': 'the relay has no room for us',
  'turn-unreachable': 'the relay cannot be reached',
  'too-many-connections': 'the browser takes no more links',
  unavailable: 'this browser has no WebRTC',
};

const QUALITIES: Record<LinkQuality, string> = {
  good: 'good',
  fair: 'fair',
  poor: 'poor',
  lost: 'nothing comes through',
};

/** Where a link stands, and why there is none. */
export function linkInWords({ state, blocked }: Pick<Peer, 'state' | 'blocked'>): string {
  return blocked ? `${STATES[state]}: ${BLOCKS[blocked]}` : STATES[state];
}

/** How well a link does. */
export function qualityInWords(quality: LinkQuality): string {
  return QUALITIES[quality];
}
