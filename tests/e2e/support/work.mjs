// What an edit costs a page, counted: the same counts on every machine, however slow.

/** Counts from now on, in this page, what crosses into the module and out of it, what is made anew, kept, sent and told. */
export async function watchWork(harness) {
  await harness.page.evaluate(async () => {
    const { Core } = await import('/rejoin/core.js');
    window.work = {};
    const count = (name, by = 1) => {
      window.work[name] = (window.work[name] ?? 0) + by;
    };
    const watch = (owner, method, note) => {
      const real = owner[method];
      owner[method] = function (...given) {
        note(...given);
        return real.apply(this, given);
      };
    };
    const methods = Object.getOwnPropertyNames(Core.prototype).filter((name) => name !== 'constructor');
    for (const name of methods) watch(Core.prototype, name, () => count('calls'));
    watch(Object, 'freeze', () => count('made'));
    watch(JSON, 'parse', (text) => count('told', text.length));
    watch(JSON, 'stringify', () => count('written'));
    watch(IDBObjectStore.prototype, 'add', () => count('records'));
    watch(IDBObjectStore.prototype, 'put', () => count('records'));
    watch(WebSocket.prototype, 'send', (bytes) => {
      if (bytes[0] === 0 && bytes[1] === 2) count('frames');
    });
    const { doc, presence } = window.session.room;
    doc.subscribe(() => {
      count('heard');
      doc.getSnapshot();
    });
    presence.others.subscribe(() => count('seen'));
  });
}

/**
 * What each of a few runs of `act(at)` costs in the page: at once, and until everything is saved and synced. `told` is the JSON that
 * is read, in characters, `made` how many objects and lists of snapshots are new.
 */
export function workOf(harness, act, times = 5) {
  return harness.page.evaluate(
    async ([script, count]) => {
      const once = new Function('at', `return (${script})(at)`);
      const { sync, history } = window.session.room;
      const settled = async () => {
        const isSo = () => sync.getSnapshot().local === 'saved' && sync.getSnapshot().pending === 0;
        while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const costs = [];
      for (let at = 0; at < count; at++) {
        await settled();
        // Within half a second of the last one an edit adds to its step, and tells nothing of undo.
        history.checkpoint();
        window.work = {};
        once(at);
        const { calls, made, told, written = 0, heard } = window.work;
        await settled();
        const { records, frames } = window.work;
        costs.push({ calls, made, told, written, heard, records, frames });
      }
      return costs;
    },
    [String(act), times],
  );
}

/** What the page makes anew, and whom it tells, from `act` here until `isDone(given)` there. */
export async function workUntil(harness, act, isDone, given) {
  // What was done before is told as saved and synced by now, and not meanwhile.
  await harness.waits('everything saved and synced', () => {
    const { local, pending } = window.session.room.sync.getSnapshot();
    return local === 'saved' && pending === 0;
  });
  await harness.page.evaluate(() => {
    window.work = {};
  });
  await act();
  await harness.waits('what was done elsewhere', isDone, given);
  const { made, heard = 0, seen = 0 } = await harness.page.evaluate(() => window.work);
  return { made, heard, seen };
}
