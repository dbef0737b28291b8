import { setTimeout as sleep } from 'node:timers/promises';
import type { DoctorOptions } from './options.js';
import { duration, excerpt, type Report } from './report.js';
import { type Door, findDoor, tellEnding } from './socket/door.js';
import { enterNamespace, findEngine, namesEngine } from './socket/engine.js';
import { type Identity, identify } from './socket/identify.js';
import { open, type Way } from './socket/link.js';
import { measureEcho, measureLatency, tellClosing, tellPings } from './socket/measure.js';
import { type Spoken, show } from './socket/recognise.js';

/** An origin that no server can have on its list. */
const foreignOrigin = 'https://rejoin-doctor.invalid';

/** Examines a WebSocket endpoint. */
export async function examineSocket(options: DoctorOptions, report: Report): Promise<void> {
  const { url, protocols, headers, origin, timeout, token } = options;
  const way: Way = { url, protocols, headers, origin, timeout };
  let engine: Door | null = null;
  const elsewhere = async () => {
    engine = await findEngine(way);
    return engine;
  };
  const first = namesEngine(url) ? await elsewhere() : null;
  const door = first ?? (await findDoor(way, token, report, elsewhere));
  if (!door) return;
  tellHandshake(door, report);
  const identity = engine ? await ofEngine(engine, token, report) : await identify(door, token);
  tellIdentity(identity, token, report);
  await examineLink(door, identity, options, report);
  await tellOrigins(door, report);
}

async function ofEngine(door: Door, token: string | null, report: Report): Promise<Identity> {
  report.add('address', 'info', `Socket.IO answers at ${door.way.url.pathname}`, {
    data: { path: door.way.url.pathname },
  });
  return { spoken: await enterNamespace(door, token), echoes: false, hello: null };
}

function tellHandshake({ link, way, ms }: Door, report: Report): void {
  report.add('handshake', 'ok', `101 Switching Protocols in ${duration(ms)}`, { data: { status: 101, ms } });
  const offered = way.protocols.map((name) => (name.startsWith('bearer.') ? 'bearer.…' : name)).join(', ');
  const chosen = link.protocol || null;
  const value = chosen === null ? 'none' : `${excerpt(chosen)}, of ${offered}`;
  report.add('subprotocol', chosen === null ? 'info' : 'ok', value, { data: { chosen } });
  const { extensions } = link;
  report.add('compression', 'info', extensions === '' ? 'none' : extensions, { data: { extensions } });
}

function tellIdentity({ spoken, echoes }: Identity, token: string | null, report: Report): void {
  if (!spoken) {
    const value = echoes ? 'echo' : 'not recognised: the server said nothing to any first word it was sent';
    report.add('protocol', echoes ? 'ok' : 'info', value, { data: { name: echoes ? 'echo' : null } });
    return;
  }
  const { name, detail, use, advice = use && `in rejoin: ${use}` } = spoken;
  const value = detail ? `${name}: ${detail}` : name;
  report.add('protocol', spoken.advice ? 'warn' : 'ok', value, { ...(advice && { advice }), data: { name } });
  tellLogin(spoken, token, report);
}

function tellLogin({ login, name }: Spoken, token: string | null, report: Report): void {
  const data = { login };
  if (login === 'accepted') {
    report.add('login', 'ok', token === null ? `${name} lets anybody in` : `${name} took the login`, { data });
  } else if (login === 'refused') {
    const advice = token === null ? 'try --token' : 'is the token valid, and for this server?';
    report.add('login', 'fail', `${name} refused the login`, { advice, data });
  }
}

async function examineLink(door: Door, identity: Identity, options: DoctorOptions, report: Report): Promise<void> {
  const { link } = door;
  if (link.ending !== null) return tellEnding(link, report);
  const started = performance.now();
  if (link.frames[0] !== undefined) {
    report.add('greeting', 'info', show(link.frames[0]), { data: { messages: link.frames.length } });
  }
  if (identity.spoken?.beat) link.keepAlive(identity.spoken.beat);
  // Who has not said the first word in time is often sent away.
  if (identity.spoken?.login !== 'refused' && identity.hello !== null) link.send(identity.hello);
  await measureLatency(link, report);
  if (identity.echoes) await measureEcho(link, report);
  await listen(door, options.listen);
  tellPings(link, performance.now() - started, report);
  if (link.ending !== null) tellEnding(link, report);
  else await tellClosing(link, report);
}

/** Two pings are enough to know how often they come. */
async function listen({ link }: Door, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline && link.pings.length < 2 && link.ending === null) await sleep(20);
}

/** Whether pages of any site may open it: what cookies alone would protect, they would not. */
async function tellOrigins({ way }: Door, report: Report): Promise<void> {
  const opening = await open({ ...way, origin: foreignOrigin });
  const taken = opening.kind === 'open';
  if (taken) await opening.link.close(200);
  const value = taken ? 'pages of any origin are let in' : 'pages of unknown origins are refused';
  const advice = 'a server that goes by cookies should look at the Origin header';
  report.add('origin', taken ? 'info' : 'ok', value, { ...(taken && { advice }), data: { anyOrigin: taken } });
}
