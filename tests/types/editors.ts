// Editors as an app binds them; compiled with the oldest and the newest TypeScript, never run.
import { EditorView } from '@codemirror/view';
import { createClient, defineSchema, type StandardSchemaV1, t } from 'rejoin';
import { type CaretOptions, collaborativeText, type SharedCaret } from 'rejoin/codemirror';
import { bindQuill, type QuillLike } from 'rejoin/quill';

declare const presence: StandardSchemaV1<unknown, { who: { name: string; color: string }; at: SharedCaret | null }>;
const schema = defineSchema({ doc: { note: t.text(), notes: t.list(t.object({ body: t.text() })) }, presence });
const client = createClient({ url: 'wss://sync.example.com', schema });
const { room } = client.enterRoom('editors');
declare const quill: QuillLike; // `new Quill('#editor')`; its own types do not compile as modules of Node
type P = { who: { name: string; color: string }; at: SharedCaret | null };
const carets: CaretOptions<P> = { field: 'at', owner: ({ presence: { who } }) => who };

new EditorView({ extensions: [collaborativeText(room, 'note', { carets })] });
new EditorView({ extensions: collaborativeText(room, room.root.get('note'), { undo: 'editor' }) });
const stop: () => void = bindQuill(room, room.root.get('notes').at(0).get('body'), quill, { carets });
stop();
// @ts-expect-error: presence has no such member
collaborativeText(room, 'note', { carets: { field: 'nowhere' } });
