import { serverOrigin } from '../client';
import { log } from '../log';

/** What the demo's server does to its own links when asked. */
export type Mischief = 'drop' | 'drop-streams' | 'stall' | 'restart';

const STALL = 8_000;

/** Asks the server to misbehave; says in the log what came of it. */
export async function misbehave(mischief: Mischief, room: string): Promise<void> {
  const query = new URLSearchParams({ room, ...QUERY[mischief] });
  try {
    const response = await fetch(`${serverOrigin}/demo/${mischief.split('-')[0]}?${query}`, { method: 'POST' });
    log.add(response.ok ? 'note' : 'error', response.ok ? DONE[mischief] : refusal(response.status));
  } catch {
    log.add('error', 'The server cannot be reached, so it cannot be asked to misbehave.');
  }
}

const QUERY: Partial<Record<Mischief, Record<string, string>>> = {
  'drop-streams': { only: 'streams' },
  stall: { ms: String(STALL) },
};

const DONE: Record<Mischief, string> = {
  drop: 'Asked the server to drop every socket and stream of this room.',
  'drop-streams': 'Asked the server to break off every stream of this room.',
  stall: `Asked the server to go silent for ${STALL / 1000} s.`,
  restart: 'Asked the server to end every room and start again from its disk.',
};

function refusal(status: number): string {
  return `This server was not started with --demo, so it does not misbehave on request (HTTP ${status}).`;
}
