/** Counts what IndexedDB writes in pages of a context, and keeps transactions from completing while `storage.hold` is set. */
export async function slowStorage(context) {
  await context.addInitScript(() => {
    window.storage = { hold: false, begun: 0, completed: 0 };
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
      const result = transaction.call(this, stores, mode, options);
      if (mode === 'readwrite') watch(result, stores);
      return result;
    };
    const { commit } = IDBTransaction.prototype;
    IDBTransaction.prototype.commit = function () {
      if (!this.held) commit.call(this);
    };
    function watch(result, stores) {
      window.storage.begun++;
      result.addEventListener('complete', () => window.storage.completed++);
      result.held = window.storage.hold;
      if (result.held) spin(result.objectStore([stores].flat()[0]));
    }
    // A transaction stays open while requests of it are under way.
    function spin(store) {
      store.count().onsuccess = () => window.storage.hold && spin(store);
    }
  });
}
