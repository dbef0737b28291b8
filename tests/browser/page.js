const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export async function deleteDatabase(name) {
  await settled(indexedDB.deleteDatabase(name));
}

export async function countRecords(name) {
  const known = await indexedDB.databases();
  if (!known.some((database) => database.name === name)) return -1;
  const database = await settled(indexedDB.open(name));
  const count = await settled(database.transaction('log').objectStore('log').count());
  database.close();
  return count;
}

export async function upgrade(name) {
  const request = indexedDB.open(name, 2);
  const blocked = new Promise((resolve) => {
    request.onblocked = () => resolve(false);
  });
  const upgraded = settled(request).then((database) => {
    database.close();
    return true;
  });
  return Promise.race([blocked, upgraded]);
}

export function holdLock(name) {
  return new Promise((held) => {
    navigator.locks.request(name, () => new Promise((release) => held(release)));
  });
}

export async function openStubbornly(name) {
  const database = await settled(indexedDB.open(name));
  return () => database.close();
}

export async function occupy(name) {
  const database = await settled(indexedDB.open(name));
  const store = database.transaction('log', 'readwrite').objectStore('log');
  let occupied = true;
  // A transaction stays open while requests of it are under way.
  const goOn = () => {
    if (occupied) store.count().onsuccess = goOn;
    else database.close();
  };
  goOn();
  return () => {
    occupied = false;
  };
}

export function startDeletion(name) {
  indexedDB.deleteDatabase(name);
}

export function sabotage(className, method, error) {
  const { prototype } = globalThis[className];
  const whole = prototype[method];
  prototype[method] = () => {
    throw new DOMException('', error);
  };
  return () => {
    prototype[method] = whole;
  };
}

/** The browser closes the database while the next transaction is being committed, and never tells how that ended: so does Chromium. */
export function closeInCommit() {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...given) {
    IDBDatabase.prototype.transaction = transaction;
    const made = transaction.apply(this, given);
    // Before whoever listens: the first listener is called first.
    for (const end of ['complete', 'abort']) made.addEventListener(end, (event) => event.stopImmediatePropagation());
    made.commit = () => {
      IDBTransaction.prototype.commit.call(made);
      this.close();
      setTimeout(() => this.dispatchEvent(new Event('close')));
    };
    return made;
  };
}

export function hide(name) {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
  return () => {
    if (own) Object.defineProperty(globalThis, name, own);
    else delete globalThis[name];
  };
}

export function replaceSocket(callback) {
  const whole = globalThis.WebSocket;
  globalThis.WebSocket = function WebSocket() {
    callback();
    throw new DOMException('', 'SecurityError');
  };
  return () => {
    globalThis.WebSocket = whole;
  };
}

export function countUncaught() {
  let count = 0;
  const hear = (event) => {
    event.preventDefault();
    count += 1;
  };
  globalThis.addEventListener('error', hear);
  return () => {
    globalThis.removeEventListener('error', hear);
    return count;
  };
}

export function dispatch(target, kind, persisted) {
  const event = Object.assign(new Event(kind), { persisted });
  (target === 'document' ? document : globalThis).dispatchEvent(event);
}
