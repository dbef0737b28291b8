import type { Door } from './door.js';
import { type Frame, type Link, open, type Way } from './link.js';
import { type Probe, type ProbeContext, probesFor } from './probes.js';
import { describe, recognise, type Spoken } from './recognise.js';

/** A quick server answers at once; a slow line gets some round trips. Milliseconds. */
const shortest = 250;
const longest = 3000;
const roundTrips = 6;

/** What an endpoint speaks, and whether it returns what it is sent. */
export interface Identity {
  readonly spoken: Spoken | null;
  readonly echoes: boolean;
  /** The first word that it answered. */
  readonly hello: Frame | null;
}

/** Tells by what the server said, then by what it answers; each first word goes on a socket of its own. */
export async function identify({ link, way, ms }: Door, token: string | null): Promise<Identity> {
  const passive = recognise(link.frames, link.protocol);
  if (passive) return { spoken: passive, echoes: false, hello: null };
  const patience = Math.min(Math.max(roundTrips * ms, shortest), longest);
  const context = { token, room: roomOf(way.url) };
  let remembered: Frame | null = link.frames[0] ?? null;
  for (const probe of probesFor(way.url, link.protocol)) {
    const { spoken, echoes, hello, said } = await ask(probe, way, context, patience);
    if (echoes) return { spoken: { name: 'echo', detail: 'returns what it is sent' }, echoes, hello: null };
    if (spoken) return { spoken, echoes, hello };
    remembered ??= said;
  }
  return {
    spoken: remembered === null ? null : describe(remembered),
    echoes: await returns(way, patience),
    hello: null,
  };
}

interface Answer extends Identity {
  readonly said: Frame | null;
}

const nothing: Answer = { spoken: null, echoes: false, hello: null, said: null };

async function ask(probe: Probe, way: Way, context: ProbeContext, patience: number): Promise<Answer> {
  const protocols = probe.protocols ?? way.protocols;
  const opening = await open({ ...way, protocols });
  if (opening.kind !== 'open') return nothing;
  const { link } = opening;
  const hello = probe.hello(context);
  link.send(hello);
  let spoken: Spoken | null = null;
  await link.until(() => {
    spoken ??= link.frames.map((frame) => probe.judge(frame, context)).find((found) => found !== null) ?? null;
    return spoken !== null || echoed(link, hello);
  }, patience);
  const echoes = echoed(link, hello);
  await link.close(shortest);
  const found = echoes ? null : (spoken ?? refusedLogin(link, probe));
  return { spoken: found, echoes, hello, said: link.frames[0] ?? null };
}

/** Servers of a protocol that refuse the login hang up with its own code. */
function refusedLogin({ ending, protocol }: Link, { name }: Probe): Spoken | null {
  if (name === 'graphql-ws' && protocol === 'graphql-transport-ws' && ending?.code === 4403)
    return { name, detail: `4403: ${ending.reason}`, login: 'refused' };
  if (name === 'Centrifugo' && ending && ending.code >= 3500 && ending.code < 3600)
    return { name, detail: `${ending.code}: ${ending.reason}`, login: 'refused' };
  return null;
}

/** Whether a text comes back. */
async function returns(way: Way, patience: number): Promise<boolean> {
  const opening = await open(way);
  if (opening.kind !== 'open') return false;
  const text = `rejoin doctor ${Date.now()}`;
  opening.link.send(text);
  const echo = await opening.link.next(0, patience, (frame) => frame === text);
  await opening.link.close(shortest);
  return echo !== null;
}

function echoed({ frames }: Link, sent: Frame): boolean {
  return frames.some((frame) =>
    typeof frame === 'string' ? frame === sent : typeof sent !== 'string' && frame.equals(sent),
  );
}

function roomOf({ pathname }: URL): string {
  const last = pathname.split('/').filter(Boolean).at(-1);
  if (last === undefined) return 'rejoin-doctor';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
