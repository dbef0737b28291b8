// The messages of PROTOCOL.md a second time, written from that page alone and in another language: what it says is enough.
// Of documents it says no more than that there is nothing in them; it keeps everything in memory, also when it stops.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { Fields, string, varUint } from './lib0.mjs';

const SYNC = 0;
const AWARENESS = 1;
const MESSAGES = 120;
const ASKED = { subscribe: 0, publish: 1, direct: 2, volatile: 3, page: 4 };
/** What it says, by number. */
export const TOLD = { hello: 16, message: 17, ack: 18, reject: 19, passing: 20, delivered: 21, page: 22 };
const CODE = { rateLimit: 0, tooLarge: 1, malformed: 3, notFound: 4 };
const MAX_BYTES = 2_000;

/** Starts a server; `perSecond` is how many messages a second it takes of each member. */
export async function messagesServer(t, { perSecond = Number.POSITIVE_INFINITY } = {}) {
  const server = new MessagesServer(perSecond);
  await server.start(0);
  t.after(() => server.stop());
  return server;
}

class MessagesServer {
  rooms = new Map();
  /** Whether acknowledgements are kept back, as by a link that is about to be lost. */
  mute = false;
  /** What it says instead of `[kind, ...fields]`, as a list of such: servers have faults, and some mean harm. */
  twist = (said) => [said];
  /** How many sockets it has accepted. */
  connections = 0;

  constructor(perSecond) {
    this.perSecond = perSecond;
  }

  get ws() {
    return `ws://127.0.0.1:${this.port}`;
  }

  async start(port = this.port) {
    this.http = createServer();
    this.sockets = new WebSocketServer({ server: this.http });
    this.sockets.on('connection', (socket, { url }) => {
      this.connections++;
      new Member(this, this.#room(url), socket);
    });
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
  }

  async stop() {
    for (const socket of this.sockets.clients) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  #room(path) {
    const room = this.rooms.get(path) ?? {
      epoch: 77 + this.rooms.size,
      log: [],
      numbers: new Map(),
      members: new Set(),
    };
    this.rooms.set(path, room);
    return room;
  }
}

class Member {
  connection = 0;
  #server;
  #room;
  #socket;
  /** Number of the next message of this link. */
  #next = 1;
  #taken = [];

  constructor(server, room, socket) {
    this.#server = server;
    this.#room = room;
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => room.members.delete(this));
    socket.on('message', (frame) => this.#hear(new Fields(frame)));
  }

  #hear(frame) {
    while (frame.hasMore) {
      const tag = frame.varUint();
      // The length of what is not known is not known either.
      if (tag !== SYNC && tag !== AWARENESS && tag !== MESSAGES) return;
      const isQuestion = tag === SYNC && frame.varUint() === 0;
      const body = frame.buffer();
      // An empty document has nothing that anybody lacks.
      if (isQuestion) this.#socket.send(Buffer.from([SYNC, 1, 2, 0, 0]));
      if (tag === MESSAGES) this.#answer(new Fields(body));
    }
  }

  #answer(fields) {
    const asked = fields.varUint();
    if (asked === ASKED.subscribe) this.#subscribe(fields);
    else if (asked === ASKED.publish) this.#publish(fields);
    else if (asked === ASKED.direct) this.#direct(fields);
    else if (asked === ASKED.volatile) this.#volatile(fields);
    else if (asked === ASKED.page) this.#page(fields);
  }

  tell(...said) {
    for (const [kind, ...fields] of this.#server.twist(said)) this.#say(kind, fields);
  }

  #say(kind, fields) {
    const body = Buffer.concat([
      varUint(kind),
      ...fields.map((field) => (Buffer.isBuffer(field) ? field : varUint(field))),
    ]);
    this.#socket.send(Buffer.concat([varUint(MESSAGES), varUint(body.length), body]));
  }

  #subscribe(fields) {
    const [request, , connection, epoch, after, history] = fields.varUints(6);
    const { log, members, epoch: current } = this.#room;
    this.connection = connection;
    const recovered = epoch === current && after <= log.length;
    const next = recovered ? after + 1 : Math.max(1, log.length - history + 1);
    this.tell(TOLD.hello, 1, request, current, next, log.length, recovered ? 1 : 0, MAX_BYTES);
    members.add(this);
    for (const message of log.slice(next - 1)) this.tell(TOLD.message, envelope(message));
  }

  #publish(fields) {
    const [n, kind] = fields.varUints(2);
    const [id, data] = [fields.string(), fields.string()];
    if (n > this.#next) return;
    const refusal = n === this.#next ? this.#refusal(data) : null;
    if (refusal) {
      const [code, retryMs] = refusal;
      if (code !== CODE.rateLimit) this.#next++;
      this.tell(TOLD.reject, 0, n, code, retryMs);
      return;
    }
    const { log, numbers, members } = this.#room;
    if (n === this.#next) this.#next++;
    const known = numbers.has(id);
    const seq = numbers.get(id) ?? log.length + 1;
    numbers.set(id, seq);
    if (!known) log.push({ seq, at: Date.now(), from: this.connection, kind, id, data });
    if (this.#server.mute) return;
    this.tell(TOLD.ack, n, seq);
    if (!known) for (const member of members) member.tell(TOLD.message, envelope(log[seq - 1]));
  }

  /** Why a message is not taken, and when to try again. */
  #refusal(data) {
    if (Buffer.byteLength(data) > MAX_BYTES) return [CODE.tooLarge, 0];
    if (!isJson(data)) return [CODE.malformed, 0];
    const now = Date.now();
    this.#taken = this.#taken.filter((at) => now - at < 1_000);
    if (this.#taken.length >= this.#server.perSecond) return [CODE.rateLimit, 1_000 - (now - this.#taken[0])];
    this.#taken.push(now);
    return null;
  }

  #direct(fields) {
    const [request, to, kind] = fields.varUints(3);
    const data = fields.string();
    const addressed = [...this.#room.members].find(({ connection }) => connection === to);
    addressed?.tell(TOLD.passing, 1, this.#passing(kind, data));
    if (addressed) this.tell(TOLD.delivered, request);
    else this.tell(TOLD.reject, 1, request, CODE.notFound, 0);
  }

  #volatile(fields) {
    const message = this.#passing(fields.varUint(), fields.string());
    for (const member of this.#room.members) if (member !== this) member.tell(TOLD.passing, 0, message);
  }

  #page(fields) {
    const [request, before, limit] = fields.varUints(3);
    const earlier = this.#room.log.filter(({ seq }) => seq < before).slice(-limit);
    this.tell(TOLD.page, request, 1, earlier.length, ...earlier.map(envelope));
  }

  #passing(kind, data) {
    return envelope({ seq: 0, at: Date.now(), from: this.connection, kind, id: '', data });
  }
}

/** A message as it is told. */
export function envelope({ seq, at, from, kind, id, data }) {
  return Buffer.concat([...[seq, at, from, kind].map(varUint), string(id), string(data)]);
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
