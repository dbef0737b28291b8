import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as Y from 'yjs';
import { closeBrowser, complaints, newContext } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { withCeiling } from './support/wasm-memory.mjs';

after(closeBrowser);

describe('the wasm module', () => {
  it('refused by a content security policy: told as E_CSP with what to add', async (t) => {
    const page = await freshHarness(t, await staticSite(t, { 'content-security-policy': "script-src 'self'" }));
    const failure = await page.tryToEnter('ws://127.0.0.1:1', 'csp');
    assert.equal(failure?.code, 'E_CSP');
    assert.match(failure.message, /wasm-unsafe-eval/);
  });

  it('allowed by the strictest policy that allows wasm: works', async (t) => {
    const server = await rejoinServer(t);
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:";
    const page = await freshHarness(t, await staticSite(t, { 'content-security-policy': policy }));
    await page.enter(server.ws, 'csp');
    await page.insert(0, 'x');
    await page.isSynced();
  });

  it('with Trusted Types on top: works, and makes no HTML and no address of a string', async (t) => {
    const server = await rejoinServer(t);
    const policy = [
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:",
      "require-trusted-types-for 'script'; trusted-types 'none'",
    ].join('; ');
    const page = await freshHarness(t, await staticSite(t, { 'content-security-policy': policy }));
    const refused = await page.page.evaluate(() =>
      window.codeOf(() => {
        document.createElement('p').innerHTML = '<b>';
      }),
    );
    assert.match(refused, /TrustedHTML/);
    await page.enter(server.ws, 'trusted', { shareConnection: true });
    await page.insert(0, 'x');
    await page.isSynced();
    const json = await page.page.evaluate(() => window.session.room.exportJson());
    assert.equal(json.note, 'x');
    assert.deepEqual((await page.seen()).errors, []);
  });

  it('missing: the copy inside the JavaScript is used', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    await context.route('**/rejoin_bg.wasm', (route) => route.fulfill({ status: 404 }));
    const page = await harnessPage(context, await staticSite(t));
    await page.enter(server.ws, 'inline');
    await page.insert(0, 'x');
    await page.isSynced();
  });

  it('missing altogether: told as E_WASM_LOAD', async (t) => {
    const context = await newContext(t);
    await context.route(/rejoin_bg\.wasm|inline\.js/, (route) => route.fulfill({ status: 404 }));
    const page = await harnessPage(context, await staticSite(t));
    const failure = await page.tryToEnter('ws://127.0.0.1:1', 'nothing');
    assert.equal(failure?.code, 'E_WASM_LOAD');
  });
});

describe('a trap in the wasm module', () => {
  it('during a call: thrown as E_CORE_CRASHED; the document comes back from IndexedDB, and the app is told', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    const told = complaints(page.page);
    await page.enter(server.ws, 'trap', { heartbeat: 500 });
    await page.insert(0, 'saved before; ');
    await page.isSaved();
    await trapIn(page, 'textInsert');
    const code = await page.page.evaluate(() => window.codeOf(() => window.session.note().insert(0, 'lost')));
    assert.equal(code, 'E_CORE_CRASHED');
    await page.page.evaluate(() => window.session.room.ready);
    assert.deepEqual((await page.seen()).crashes, [{ recovered: true }]);
    assert.equal(await page.text(), 'saved before; ');
    await page.append('written after');
    await page.isSynced();
    const other = await freshHarness(t, await staticSite(t));
    await other.enter(server.ws, 'trap');
    await other.hasText('saved before; written after');
    // By then every timer of the dead instance has run out.
    await other.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
    assert.deepEqual(told, []);
  });

  it('while the server is away: what was saved and not sent is sent by the fresh instance', async (t) => {
    const server = await rejoinServer(t);
    await server.kill();
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'dark');
    await page.insert(0, 'only here');
    await page.isSaved();
    await trapIn(page, 'textDelete');
    await page.page.evaluate(() => window.codeOf(() => window.session.note().delete(0, 1)));
    await page.page.evaluate(() => window.session.room.ready);
    assert.equal(await page.text(), 'only here');
    await server.start();
    await page.isSynced();
    const other = await freshHarness(t, await staticSite(t));
    await other.enter(server.ws, 'dark');
    await other.hasText('only here');
  });

  it('between two calls, when events are taken: found, recovered and told', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [page, other] = [await freshHarness(t, site), await freshHarness(t, site)];
    await page.enter(server.ws, 'events');
    await other.enter(server.ws, 'events');
    await page.isSynced();
    await trapIn(page, 'takeEvents');
    await other.insert(0, 'hello');
    await page.waits('the crash is told', () => window.session.seen.crashes.length === 1);
    await page.hasText('hello');
    assert.deepEqual((await page.seen()).crashes, [{ recovered: true }]);
  });

  it('while a frame comes in, in the copy inside the JavaScript, whose name no stack has: found, recovered and told', async (t) => {
    const server = await rejoinServer(t);
    const [site, context] = [await staticSite(t), await newContext(t)];
    await context.route('**/rejoin_bg.wasm', (route) => route.fulfill({ status: 404 }));
    const [page, other] = [await harnessPage(context, site), await freshHarness(t, site)];
    await page.enter(server.ws, 'frame');
    await other.enter(server.ws, 'frame');
    await page.isSynced();
    await page.page.evaluate(trapInNextPump);
    await other.insert(0, 'hello');
    await page.waits('the crash is told', () => window.session.seen.crashes.length === 1);
    await page.hasText('hello');
    assert.deepEqual((await page.seen()).crashes, [{ recovered: true }]);
  });

  it('by the end of its memory: the fresh instance has room again', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    await context.route('**/rejoin_bg.wasm', async (route) => {
      const response = await route.fetch();
      // 4 MB on top of what it starts with.
      await route.fulfill({ response, body: withCeiling(await response.body(), 64) });
    });
    const page = await harnessPage(context, await staticSite(t));
    await page.enter(server.ws, 'ceiling');
    await page.insert(0, 'saved before; ');
    await page.isSaved();
    const code = await page.page.evaluate(() =>
      window.codeOf(() => window.session.note().insert(0, 'x'.repeat(16 << 20))),
    );
    assert.equal(code, 'E_CORE_CRASHED');
    await page.page.evaluate(() => window.session.room.ready);
    assert.deepEqual((await page.seen()).crashes, [{ recovered: true }]);
    await page.append('written after');
    await page.isSynced();
    assert.equal(await page.text(), 'saved before; written after');
  });

  it('by a stack that ends in it or on the way: the fresh instance has what was saved, and goes on', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const page = await freshHarness(t, site);
    await page.enter(server.ws, 'deep');
    await page.insert(0, 'saved before');
    await page.isSaved();
    await page.page.evaluate(overflow, [...nestedValues(60)]);
    await page.waits('the crash is told', () => window.session.seen.crashes.length > 0);
    await page.page.evaluate(() => window.session.room.ready);
    assert.deepEqual((await page.seen()).crashes, [{ recovered: true }]);
    assert.match(await page.text(), /saved before/);
    await page.append('; written after');
    await page.isSynced();
    const other = await freshHarness(t, site);
    await other.enter(server.ws, 'deep');
    await other.hasText(await page.text());
  });

  it('in the demo: even the letter that was being typed is there afterwards, and on the server', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'typing'), await demoPage(t, server.url, 'typing')];
    await ann.write('before ');
    await ann.isSynced();
    const glue = await ann.page.evaluate(() => {
      const files = performance.getEntriesByType('resource').map(({ name }) => name);
      return files.find((name) => /\/core-[^/]*\.js$/.test(name));
    });
    await trapIn(ann, 'textInsert', glue);
    await ann.write('after');
    await ann.page.locator('.log li', { hasText: 'a fresh one took over' }).waitFor();
    await bob.hasNote('before after');
    await ann.hasNote('before after');
    await ann.isSynced();
  });
});

/** An update that is read by recursion. */
function nestedValues(depth) {
  const doc = new Y.Doc();
  doc.getMap('deep').set(
    'value',
    Array.from({ length: depth }).reduce((inner) => [inner], 1),
  );
  return Y.encodeStateAsUpdate(doc);
}

/** Runs in the page: reads an update again and again, each time deeper in the stack, until that ends. */
function overflow(update) {
  const { room } = window.session;
  const bytes = Uint8Array.from(update);
  const dig = () => {
    room.applyUpdate(bytes);
    dig();
  };
  try {
    dig();
  } catch {
    // What an app sees of it depends on where the stack ended.
  }
}

/** Runs in the page: the next look at the clock inside the module throws through it, as a trap does. */
function trapInNextPump() {
  const { now } = Date;
  Date.now = () => {
    const { stack } = new Error();
    // In a method it would be found at the choke point.
    if (!stack.includes('/rejoin/core.js') || stack.includes('Core.')) return now();
    Date.now = now;
    throw new WebAssembly.RuntimeError('unreachable');
  };
}

/** The next call of this export traps: a real `unreachable`, through the real choke point. */
async function trapIn(page, name, glue = '/rejoin/core.js') {
  const trap = async ([method, file]) => {
    const { Core } = await import(file);
    const original = Core.prototype[method];
    Core.prototype[method] = function (...given) {
      Core.prototype[method] = original;
      this.crashForTest();
      return original.apply(this, given);
    };
  };
  await page.page.evaluate(trap, [name, glue]);
}
