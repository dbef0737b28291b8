// A harness page whose app uses messages, as an object with verbs.
import { freshHarness, harnessPage } from './harness.mjs';

/** Enters a room in a profile of its own and listens to its messages and events. */
export async function chatter(t, site, url, room, options) {
  return listening(await freshHarness(t, site), url, room, options);
}

/** The same in a page of this profile. */
export async function chatterIn(context, site, url, room, options) {
  return listening(await harnessPage(context, site), url, room, options);
}

async function listening(harness, url, room, options = {}) {
  await harness.enter(url, room, options);
  await harness.page.evaluate(() => {
    const { room: entered, seen } = window.session;
    Object.assign(seen, { heard: [], events: [], sent: [], failed: [] });
    entered.messages.listen(({ data, direct }) => seen.heard.push(direct ? `${data} to me` : data));
    entered.onEvent(({ event }) => seen.events.push(event));
  });
  return new Chatter(harness);
}

class Chatter {
  constructor(harness) {
    this.harness = harness;
    this.page = harness.page;
  }

  /** Sends without waiting; what becomes of it is kept. */
  send(...words) {
    return this.page.evaluate((all) => {
      const { room, seen } = window.session;
      for (const data of all) {
        room.messages.send(data).then(
          ({ seq }) => seen.sent.push([data, seq]),
          ({ code }) => seen.failed.push([data, code]),
        );
      }
    }, words);
  }

  /** Sends and waits; resolves to the answer or the code of the refusal. */
  tell(data, options) {
    return this.page.evaluate(
      ([words, how]) =>
        window.session.room.messages.send(words, how).then(
          ({ seq }) => seq,
          ({ code }) => code,
        ),
      [data, options],
    );
  }

  broadcast(event, options) {
    return this.page.evaluate(
      ([what, how]) =>
        window.session.room.broadcast(what, how).then(
          () => 'sent',
          ({ code }) => code,
        ),
      [event, options],
    );
  }

  loadBefore(limit) {
    return this.page.evaluate((count) => window.session.room.messages.loadBefore(count), limit);
  }

  list() {
    return this.page.evaluate(() => window.session.room.messages.list.getSnapshot().map(({ data }) => data));
  }

  state() {
    return this.page.evaluate(() => window.session.room.messages.state.getSnapshot());
  }

  seen() {
    return this.harness.seen();
  }

  connectionId() {
    return this.page.evaluate(() => window.session.room.connectionId);
  }

  hasList(expected) {
    return this.harness.waits(
      `messages ${JSON.stringify(expected)}`,
      (words) => {
        const list = window.session.room.messages.list.getSnapshot();
        return list.every(({ status }) => status === 'stored') && list.map(({ data }) => data).join() === words;
      },
      expected.join(),
    );
  }

  hasState(part) {
    return this.harness.waits(
      `state ${JSON.stringify(part)}`,
      (wanted) => {
        const state = window.session.room.messages.state.getSnapshot();
        return Object.keys(wanted).every((key) => state[key] === wanted[key]);
      },
      part,
    );
  }

  /** Waits until so many of a kind were seen. */
  hasSeen(kind, count) {
    return this.harness.waits(`${count} ${kind}`, ([what, many]) => window.session.seen[what].length >= many, [
      kind,
      count,
    ]);
  }
}
