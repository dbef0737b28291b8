import { readBuffer, varString, varUint } from './bytes.js';
import type { Frame } from './link.js';
import { parseJson, type Spoken, uses } from './recognise.js';

/** A protocol's first word, and how its servers answer. */
export interface Probe {
  readonly name: string;
  /** Which addresses make it likely. */
  readonly path: RegExp;
  /** Subprotocols without which its servers do not listen. */
  readonly protocols?: readonly string[];
  readonly hello: (context: ProbeContext) => Frame;
  /** What the answer proves; null if nothing. */
  readonly judge: (answer: Frame, context: ProbeContext) => Spoken | null;
}

/** What a first word may depend on. */
export interface ProbeContext {
  readonly token: string | null;
  /** The document's or room's name: the last part of the path. */
  readonly room: string;
}

const separator = '\u001e';

const graphql: Probe = {
  name: 'graphql-ws',
  path: /graphql|subscriptions/i,
  protocols: ['graphql-transport-ws'],
  hello: ({ token }) => JSON.stringify({ type: 'connection_init', ...(token !== null && { payload: { token } }) }),
  judge: (answer) =>
    field(answer, 'type') === 'connection_ack'
      ? {
          name: 'graphql-ws',
          detail: 'connection_ack',
          use: uses.with('graphql-ws'),
          login: 'accepted',
          beat: { ping: '{"type":"ping"}', pong: '{"type":"pong"}' },
        }
      : null,
};

const phoenix: Probe = {
  name: 'Phoenix',
  path: /\/(websocket|socket|live)\b/i,
  hello: () => JSON.stringify([null, '1', 'phoenix', 'heartbeat', {}]),
  judge: (answer) => {
    const message = typeof answer === 'string' ? parseJson(answer) : null;
    const isReply = Array.isArray(message) && message[2] === 'phoenix' && message[3] === 'phx_reply';
    return isReply ? { name: 'Phoenix', detail: 'answers its heartbeat', use: uses.with('Phoenix') } : null;
  },
};

const centrifugo: Probe = {
  name: 'Centrifugo',
  path: /connection/i,
  hello: ({ token }) => JSON.stringify({ id: 1, connect: token === null ? {} : { token } }),
  judge: (answer) => {
    const use = uses.with('Centrifugo');
    const connect = field(answer, 'connect');
    if (field(answer, 'id') !== 1) return null;
    if (typeof connect === 'object' && connect !== null && 'client' in connect) {
      const { version, ping } = connect as { version?: string; ping?: number };
      return {
        name: 'Centrifugo',
        detail: `version ${version}, pings every ${ping} s`,
        use,
        login: 'accepted',
        beat: { ping: '{}', pong: '{}' },
      };
    }
    const error = field(answer, 'error');
    if (typeof error !== 'object' || error === null || !('code' in error)) return null;
    return { name: 'Centrifugo', detail: JSON.stringify(error), use, login: 'refused' };
  },
};

const signalR: Probe = {
  name: 'SignalR',
  path: /hub/i,
  hello: () => JSON.stringify({ protocol: 'json', version: 1 }) + separator,
  judge: (answer) => {
    if (typeof answer !== 'string' || !answer.endsWith(separator)) return null;
    const [hello = ''] = answer.split(separator);
    const error = field(hello, 'error');
    if (error !== undefined) return { name: 'SignalR', detail: String(error), use: uses.plain, login: 'refused' };
    return hello === '{}'
      ? {
          name: 'SignalR',
          detail: 'JSON, version 1',
          use: uses.plain,
          beat: { ping: `{"type":6}${separator}`, pong: null },
        }
      : null;
  },
};

const hocuspocus: Probe = {
  name: 'Hocuspocus',
  path: /hocuspocus|collab/i,
  hello: ({ room, token }) => Buffer.from([...varString(room), 2, 0, ...varString(token ?? ''), ...varString('')]),
  judge: (answer, { room }) => {
    if (typeof answer === 'string') return null;
    const [name, at] = readBuffer(answer, 0) ?? [];
    if (name?.toString() !== room || at === undefined || answer[at] !== 2) return null;
    const accepted = answer[at + 1] === 2;
    const [told] = readBuffer(answer, at + 2) ?? [];
    return {
      name: 'Hocuspocus',
      detail: told?.toString() ?? '',
      use: uses.hocuspocus,
      login: accepted ? 'accepted' : 'refused',
    };
  },
};

/** Some Yjs servers speak only when spoken to: the state vector of an empty document. */
const yjs: Probe = {
  name: 'y-websocket',
  path: /yjs|y-/i,
  hello: () => Buffer.from([0, 0, ...varUint(1), 0]),
  judge: (answer) =>
    typeof answer !== 'string' && answer[0] === 0 && (answer[1] === 1 || answer[1] === 0)
      ? { name: 'y-websocket', detail: 'answers sync step 1', use: uses.yjs }
      : null,
};

const all: readonly Probe[] = [graphql, phoenix, centrifugo, signalR, hocuspocus, yjs];

/** The probes, those that the subprotocol or the address suggests first. */
export function probesFor({ pathname }: URL, protocol: string): readonly Probe[] {
  const likely = all.filter(({ path, protocols }) => protocols?.includes(protocol) || path.test(pathname));
  return [...likely, ...all.filter((probe) => !likely.includes(probe))];
}

function field(answer: Frame, name: string): unknown {
  const value = typeof answer === 'string' ? parseJson(answer) : null;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
