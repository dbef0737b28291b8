// A document in a worker, for the measurement of what that would cost: edits in, what they changed out.
import { createClient, defineSchema, t } from '/rejoin/index.browser.js';

const schema = defineSchema({ doc: { note: t.text() } });
let note;

self.onmessage = async ({ data }) => {
  if ('insert' in data) note.insert(data.at, data.insert);
  else if ('ping' in data) self.postMessage({ pong: data.ping });
  else if ('loop' in data) for (;;);
  else if ('url' in data) await enter(data);
};

async function enter({ url, id }) {
  const { room } = createClient({ schema, url }).enterRoom(id);
  await room.ready;
  note = room.root.get('note');
  room.doc.subscribe(() => self.postMessage({ note: room.doc.getSnapshot().note }));
  room.sync.subscribe(() => self.postMessage({ sync: room.sync.getSnapshot() }));
  self.postMessage({ entered: room.doc.getSnapshot().note, sync: room.sync.getSnapshot() });
}
