import { serverOrigin } from '../client';
import { log } from '../log';

/** What the demo's server does to its own links when asked. */
export type Mischief = 'drop' | 'stall' | 'restart';

const STALL = 8_000;

/** Asks the server to misbehave; says in the log what came of it. */
export async function misbehave(mischief: Mischief, room: string): Promise<void> {
  const query = new URLSearchParams({ room, ...(mischief === 'stall' && { ms: String(STALL) }) });
  try {
    const response = await fetch(`${serverOrigin}/demo/${mischief}?${query}`, { method: 'POST' });
    log.add(response.ok ? 'note' : 'error', response.ok ? DONE[mischief] : refusal(response.status));
  } catch {
    log.add('error', 'The server cannot be reached, so it cannot be asked to misbehave.');
  }
}

const DONE: Record<Mischief, string> = {
  drop: 'Asked the server to drop every socket of this room.',
  stall: `Asked the server to go silent for ${STALL / 1000} s.`,
  restart: 'Asked the server to end every room and start again from its disk.',
};

function refusal(status: number): string {
  return `This server was not started with --demo, so it does not misbehave on request (HTTP ${status}).`;
}
