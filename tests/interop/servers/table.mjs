// docs/servers.md: what a run of the matrix saw.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/env.mjs';
import { catalogue } from '../../servers/catalogue.mjs';

const sockets = {
  exchange: 'Exchanged',
  restart: 'Server killed and restarted',
  token: 'Token',
  refused: 'Token refused',
  busy: 'Busy (503, 1013)',
};
const streams = {
  events: 'Events',
  resume: 'Server killed and restarted',
  eventsToken: 'Token',
  eventsRefused: 'Token refused',
  eventsBusy: 'Busy (503)',
  stream: 'POST, word by word',
  streamCut: 'Answer cut',
};

const documents = {
  together: 'Beside a stock client',
  merged: 'Server killed and restarted, offline edits',
  atOnce: 'Two first ones at once',
};

/** Shown by tests of their own, on request: its server takes minutes to build. */
const ySweet = `y-sweet 0.9.1, tried on 2026-11-23 by \`npm run test:field\` (\`tests/field/y-sweet.test.mjs\`: it builds the server), in Chromium beside \`@y-sweet/client\` 0.9.1;
[guides](guides.md#moving-from-y-sweet) has the address and the token. What the server was recorded to say is in the ordinary tests (\`pkg/test/wasm/y-sweet.test.ts\`).

| | y-sweet 0.9.1 |
| --- | --- |
| Text and presence both ways, offline merge over a killed server | yes |
| A client token that is over | a fresh one with the next attempt |
| The app's server gives none (401) | \`E_AUTH\` |
| May only read | not told; edits stay \`synchronizing\` |
| A paste of 24 MiB, which does not fit into one frame | in pieces, read as one by another |
`;

/** Shown by tests of their own. */
const hocuspocus = `Hocuspocus speaks a protocol of its own: \`createClient({ url, dialect: hocuspocus() })\`, see [guides](guides.md#moving-from-hocuspocusprovider). Each cell is a test
of \`tests/e2e/hocuspocus.test.mjs\`, in Chromium, beside the stock provider 4.8 in the same room.

| | Hocuspocus 2.15.3 | 3.4.4 | 4.7.0 |
| --- | --- | --- | --- |
| Text and presence both ways, offline merge over a killed server | yes | yes | yes |
| A refused token | one fresh one, then \`E_AUTH\` | the same | the same |
| May only read | told, edits stay here as \`rejected\` | the same | the same |
| Rooms on one socket; one denied or left | the others go on | the same | the same |
| A fresh token in place, before the old one ends | sent, the server ignores it | sent, not tried | taken |
| Stateless messages, documents closed one by one, quiet sockets closed (4408), documents that do not load | not tried | not tried | yes |
| Two nodes with Redis between them, one killed (\`tests/interop/servers/hocuspocus-nodes.test.mjs\`) | not tried | not tried | yes |

Of two nodes: texts and presence cross from one to the other. What a node acknowledged and told nobody before it was killed is brought to the other by the
page that wrote it, if a balancer sends it there or \`url\` is a function that does.
`;

const partyServer = `y-partyserver has its rooms at \`/parties/<party>/<room>\`: \`createClient({ url: 'wss://host/parties/docs' })\`. Its custom messages (text that begins with \`__YPS:\`) are
ignored by rejoin, which is tried beside its own provider, 2.2. A page cannot see that \`onBeforeConnect\` refused a token (\`tokenIn: 'query'\`): it is \`E_CONNECTION\`, and \`auth\` is asked for
another with each attempt. Where \`isReadOnly\` is true the server drops edits without a word: they stay \`synchronizing\`, and \`pending\`, as they are not on the server
(\`tests/interop/servers/partyserver.test.mjs\`).
A frame of 40 MiB is closed over with 1009, and goes in pieces (\`npm run test:field\`, 2026-11-23).

y-partykit 0.0.33, from before PartyServer, with \`partykit dev\` 0.0.115, tried on the same day in the same way (\`tests/field/partykit.test.mjs\`): the three cells of the table above, and 3 MiB in frames of
a megabyte. Its own client sends what is larger in batches of its own, which the server takes, and others need not send: where Cloudflare refuses frames above 1 MB, \`maxSendFrame: 1_000_000\` keeps below.
`;

/** Writes the table; a server that could not be installed has a row that says why. */
export function writeTable(table) {
  const text = `# Servers

Written by \`REJOIN_WRITE_TABLE=1 npm run test:servers\`: rejoin in Chromium against servers as their users write them
(\`tests/servers\`), each killed and started again. Every cell was asserted in that run.

## WebSockets and Socket.IO

${section(table, sockets, ({ socket, socketIo }) => socket || socketIo)}

A token goes into a subprotocol unless \`tokenIn\` says otherwise. FastAPI, axum, Python websockets, tokio-tungstenite, gorilla and nhooyr
pick none by themselves, and a browser fails such a handshake: they are told which to pick (FastAPI: \`await socket.accept(subprotocol=…)\`,
axum: \`.protocols([…])\`, Python websockets: \`subprotocols=[…]\`, Go: \`Subprotocols\`), or the token goes elsewhere. The table was made with
\`tokenIn: { query: 'token' }\`; rejoin's own way is told in [pkg/README.md](../pkg/README.md#sockets-to-any-server).

\`E_CONNECTION\` in place of \`E_AUTH\`: a browser hides the status of a refused handshake, and a server that answers nothing but
handshakes leaves no other way to ask. Who wants a page to know lets the socket in and closes it with a code, as the same server does too.

## Event streams and answers to POST

${section(table, streams, ({ events, stream }) => events || stream)}

## Documents

${section(table, documents, ({ documents }) => documents)}

${partyServer}
${ySweet}
${hocuspocus}`;
  writeFileSync(join(root, 'docs', 'servers.md'), text);
}

function section(table, columns, belongs) {
  const names = Object.keys(catalogue).filter((name) => belongs(catalogue[name]));
  const head = ['Server', 'Version', ...Object.values(columns)];
  const rows = names.map((name) => rowOf(catalogue[name].title, table[name], Object.keys(columns)));
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowOf(title, { version, missing, seen }, columns) {
  if (missing) return [title, `not installed: ${missing}`, ...columns.map(() => '–')];
  return [title, version, ...columns.map((column) => seen[column] ?? '–')];
}
