import type { SyncError } from '../errors.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { DevtoolsLink } from './types.js';
import type { Watcher } from './watcher.js';

/** Whether what people wrote and show is part of a report. */
export type Content = 'with content' | 'without content';

/** What a client does now and did lately, as JSON: without tokens, and without documents and presence unless asked for. */
export function reportOf(watcher: Watcher, content: Content): string {
  const { client, links, journal, rooms } = watcher;
  const report = {
    at: new Date().toISOString(),
    page: typeof location === 'undefined' ? null : location.origin + location.pathname,
    browser: navigator.userAgent,
    online: navigator.onLine,
    visibility: document.visibilityState,
    connection: client.connection.getSnapshot(),
    sync: client.sync.getSnapshot(),
    device: client.device.getSnapshot(),
    rooms: rooms.map((room) => roomReport(room)),
    links: Object.fromEntries([...links].map(([name, link]) => [name, linkReport(link)])),
    errors: journal.faults.map(({ error, at, times }) => ({ at: stamp(at), times, ...errorReport(error) })),
    events: journal.entries.map((entry) => ({ ...entry, at: stamp(entry.at) })),
  };
  const safe = JSON.parse(JSON.stringify(report, plain)) as typeof report;
  if (content === 'without content') return JSON.stringify(safe, null, 2);
  const contents = new Map(rooms.map((room) => [room.id, contentOf(room)]));
  const full = safe.rooms.map((room) => ({ ...room, ...contents.get(room.id) }));
  return JSON.stringify({ ...safe, rooms: full }, null, 2);
}

function roomReport(room: Room<Schema>): { readonly id: string } & Record<string, unknown> {
  const { id, connectionId, isReady, connection, sync, presence, peers } = room;
  return {
    id,
    leases: room['~leases']?.size ?? 0,
    connectionId,
    isReady,
    connection: connection.getSnapshot(),
    sync: sync.getSnapshot(),
    others: presence.others.getSnapshot().length,
    peers: peers.getSnapshot().map(({ state, path, quality, rtt, reason, blocked, dialect, synced }) => {
      return { state, path, quality, rtt, reason, blocked, dialect, synced };
    }),
  };
}

function contentOf({ doc, presence }: Room<Schema>): Record<string, unknown> {
  const others = presence.others.getSnapshot().map(({ connectionId, presence }) => ({ connectionId, presence }));
  return { document: doc.getSnapshot(), presence: { self: presence.self.getSnapshot(), others } };
}

/** A text that streams is content. */
function linkReport({ state }: DevtoolsLink): Record<string, unknown> {
  const { status, attempt, nextRetryAt, reason, error, rtt = null } = state.getSnapshot();
  return { status, attempt, nextRetryAt, reason, error, rtt };
}

/** Without the body of an answer and the cause, which may hold anything. */
function errorReport({ code, message, retryable, room, status, docs }: SyncError): Record<string, unknown> {
  return { code, message, retryable, room, status, docs };
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  return value instanceof Error ? errorReport(value as SyncError) : value;
}

/** Words without what may be a token: values of a query, what follows `Bearer`, JSON Web Tokens. */
export function withoutSecrets(words: string): string {
  return words
    .replaceAll(/([?&][^=&\s"']+=)[^&\s"'#]+/g, '$1…')
    .replaceAll(/\b(bearer\s+)[\w.~+/=-]+/gi, '$1…')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '…');
}

const stamp = (at: number): string => new Date(at).toISOString();
