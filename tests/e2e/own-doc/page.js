// One editor on a document of the page's own: `?editor=tiptap&room=plan&name=Ann&server=ws://…`, with `&via=y-websocket` by the stock provider.
import { createClient, defineSchema, t } from 'rejoin';
import { attachYjs } from 'rejoin/yjs';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { codeMirror } from './code-mirror.js';
import { lexical } from './lexical.js';
import { quill } from './quill.js';
import { tiptap } from './tiptap.js';

const { editor, room: name, name: user, server, via } = Object.fromEntries(new URLSearchParams(location.search));
const editors = { tiptap, quill, lexical, codemirror: codeMirror };
const doc = new Y.Doc();
/** What happens to be in the room beside the editor. */
const schema = defineSchema({ doc: { todos: t.list(t.string()) } });
window.seen = { errors: [], events: [] };

function viaRejoin() {
  const client = createClient({ url: server, schema, backoff: { initialDelay: 100, maxDelay: 500 } });
  client.on('error', ({ code, message }) => window.seen.errors.push(`${code}: ${message}`));
  const { room } = client.enterRoom(name);
  window.room = room;
  return attachYjs(room, { Y, doc });
}

const stock = () => new WebsocketProvider(server, name, doc, { disableBc: true });
const provider = via === 'y-websocket' ? stock() : viaRejoin();
for (const event of ['sync', 'status', 'saved']) {
  provider.on(event, (value) => window.seen.events.push(`${event} ${value.status ?? value}`));
}
// Carets of one colour are one caret to y-codemirror.next.
const color = { Ann: '#30bced', Bob: '#6eeb83', Cy: '#ee6352' }[user];
const person = { name: user, color, colorLight: `${color}33` };
provider.awareness.setLocalStateField('user', person);
window.provider = provider;
window.doc = doc;
/** `text()` as the document has it, `shown()` as the editor shows it, `focus()`, `step()` begins one that `undo()` takes back. */
window.editor = editors[editor]({ place: document.getElementById('editor'), doc, provider, person });
window.loaded = true;
