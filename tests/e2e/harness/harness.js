// A page that tests drive: the package as plain modules, one session at a time on `window.session`.
import { createClient, defineSchema, encryptedWith, t } from '/rejoin/index.browser.js';

const schema = defineSchema({
  doc: { note: t.text(), todos: t.list(t.object({ text: t.text(), done: t.boolean() })), words: t.map(t.string()) },
});

/** Quick to come back, so that tests are. */
const backoff = { initialDelay: 100, maxDelay: 500 };

let sealing = {};

/** Clients speak to Hocuspocus from here on; what its servers say besides documents is kept. */
window.speakHocuspocus = async () => {
  const { hocuspocus } = await import('/rejoin/hocuspocus.js');
  window.stateless = [];
  window.dialect = hocuspocus({ onStateless: (message) => window.stateless.push(message) });
};

/** What is kept on the device is sealed from here on, with a key made of one byte. */
window.sealWith = async (byte) => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32).fill(byte), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  sealing = { persistence: encryptedWith(key) };
};

/** What is kept on the device is kept in files of the origin from here on, by an adapter as an app would write it. */
window.keepInFiles = () => {
  sealing = { persistence: fileAdapter() };
};

function fileAdapter() {
  const folder = navigator.storage.getDirectory();
  const fileOf = async (room) => (await folder).getFileHandle(encodeURIComponent(room), { create: true });
  const read = async (room) => {
    const text = await (await (await fileOf(room)).getFile()).text();
    return text ? JSON.parse(text) : { last: 0, records: [] };
  };
  // Another tab writes into the same file; what is written is there when it is closed, as a whole.
  const write = (room, added, gone) =>
    navigator.locks.request(`files/${room}`, async () => {
      const { last, records } = await read(room);
      const fresh = added.map((bytes, at) => ({ key: last + 1 + at, bytes: [...bytes] }));
      const kept = [...records.filter(({ key }) => !gone.includes(key)), ...fresh];
      const stream = await (await fileOf(room)).createWritable();
      await stream.write(JSON.stringify({ last: last + added.length, records: kept }));
      await stream.close();
      return fresh.map(({ key }) => key);
    });
  return {
    load: async (room) => (await read(room)).records.map(({ key, bytes }) => ({ key, bytes: Uint8Array.from(bytes) })),
    append: (room, records) => write(room, records, []),
    compact: async (room, snapshot, contained) => (await write(room, [snapshot], contained))[0],
    delete: async (room) => (await folder).removeEntry(encodeURIComponent(room)),
  };
}

/** Whether these words stand anywhere in a database of this page, as bytes or as text. */
window.isKept = async (words) => {
  const wanted = new TextEncoder().encode(words);
  const found = await Promise.all((await indexedDB.databases()).map(({ name }) => bytesOf(name)));
  return found.flat().some((bytes) => bytes.some((_, at) => wanted.every((byte, index) => bytes[at + index] === byte)));
};

async function bytesOf(name) {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await done(indexedDB.open(name));
  const stores = [...database.objectStoreNames];
  const read = (store) => done(database.transaction(store).objectStore(store).getAll());
  const values = (await Promise.all(stores.map(read))).flat();
  database.close();
  return values.map((value) =>
    ArrayBuffer.isView(value) ? new Uint8Array(value.buffer) : new TextEncoder().encode(JSON.stringify(value)),
  );
}

/** A client in a room, with everything it tells; `sharedBy` is the script of the worker that is to hold its connection. */
window.newSession = ({ url, room: id, options: { sharedBy, ...options } = {}, enter }) => {
  const seen = { errors: [], connections: [], syncs: [], crashes: [] };
  const worker = () => new SharedWorker(sharedBy, { type: 'module' });
  const client = createClient({
    url,
    schema,
    backoff,
    dialect: window.dialect,
    ...sealing,
    ...(sharedBy && { shareConnection: { worker } }),
    ...options,
  });
  client.on('error', ({ code, message, retryable }) => seen.errors.push({ code, message, retryable }));
  client.on('crashed', (crash) => seen.crashes.push(crash));
  const lease = client.enterRoom(id, { initialPresence: { name: 'harness' }, ...withIce(enter) });
  const { room } = lease;
  follow(room.connection, seen.connections);
  follow(room.sync, seen.syncs);
  return { client, lease, room, seen, note: () => room.root.get('note') };
};

/** Answers given beforehand become a function, as apps have it; why it was asked is kept. */
function withIce({ ice: answers, ...enter } = {}) {
  if (!answers) return enter;
  window.asked = [];
  const ice = (reason) => {
    window.asked.push(reason);
    return answers.length > 1 ? answers.shift() : answers[0];
  };
  return { ...enter, peers: { ...enter.peers, ice } };
}

/** Makes a session and keeps it; resolves to the error with which its room failed, or null. */
window.openSession = async (given) => {
  try {
    window.session = window.newSession(given);
    await window.session.room.ready;
    return null;
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
};

/** The code of the error that a function throws, or null. */
window.codeOf = (fn) => {
  try {
    fn();
    return null;
  } catch ({ name, code, message }) {
    return code ?? `${name}: ${message}`;
  }
};

/** Resolves when the server has every edit of a room. */
window.settled = ({ sync }) =>
  new Promise((resolve) => {
    const check = () => {
      const { status, pending } = sync.getSnapshot();
      if (status !== 'synchronized' || pending > 0) return;
      stop();
      resolve();
    };
    const stop = sync.subscribe(check);
    check();
  });

function follow(store, list) {
  const take = () => {
    const { error, ...state } = store.getSnapshot();
    list.push({ ...state, error: error?.code ?? null, at: performance.now() });
  };
  take();
  store.subscribe(take);
}

window.loaded = true;
