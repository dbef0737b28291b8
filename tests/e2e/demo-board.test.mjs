import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the dashboard of the demo at 1,000 events a second', () => {
  it('draws many times while thousands of events come, and misses none', async (t) => {
    const { demo } = await board(t);
    await until('thousands of events', async () => (await number(demo, 'events')) > 3_000);
    const [drawn, events] = [await number(demo, 'drawn'), await number(demo, 'events')];
    // Far from sixty frames a second, so that a busy machine passes; without coalescing there would be none.
    assert.ok(drawn >= 20, `${drawn} frames for ${events} events`);
    assert.ok(drawn < events / 4, `${drawn} frames for ${events} events`);
    assert.equal(await number(demo, 'missed'), 0);
    assert.equal(await demo.page.locator('.tile').count(), 48);
    // Still answers to a hand.
    await demo.page.getByRole('button', { name: 'Riga 1', pressed: false }).click();
    await demo.page.getByRole('button', { name: 'Riga 1', pressed: true }).waitFor();
    await demo.page.locator('.chart figcaption').getByText('Riga 1').waitFor();
    assert.deepEqual(demo.complaints, []);
  });

  it('is rendered once a frame at most, however many events came since the last one', async (t) => {
    const { demo } = await board(t);
    const before = await number(demo, 'events');
    await demo.page.evaluate(countRenders);
    await until('thousands of events', async () => (await number(demo, 'events')) > before + 3_000);
    const { frames, slow, renders } = await demo.page.evaluate(() => window.counted);
    assert.ok(renders > 5, `${renders} renders in ${frames} frames`);
    assert.ok(renders <= frames + slow + 1, `${renders} renders in ${frames} frames, ${slow} of them slow`);
  });

  it('shows, when paused, for each key what the server sent last', async (t) => {
    const { demo, server } = await board(t);
    await until('some events', async () => (await number(demo, 'events')) > 500);
    await paused(demo);
    await isServersLast(demo, server);
    const events = await number(demo, 'events');
    await demo.button('Resume').click();
    await until('more events', async () => (await number(demo, 'events')) > events + 500);
    assert.equal(await number(demo, 'missed'), 0);
  });

  it('catches up with what it missed when the link is cut and mended', async (t) => {
    const { demo, server } = await board(t);
    await until('some events', async () => (await number(demo, 'events')) > 500);
    await demo.button('Cut the link').click();
    await demo.has('board-status', 'Cut by you');
    await demo.button('Mend the link').click();
    await demo.has('board-status', 'Live');
    await demo.button('Drop my socket').click();
    const events = await number(demo, 'events');
    await until('more events', async () => (await number(demo, 'events')) > events + 500);
    assert.equal(await number(demo, 'missed'), 0);
    await paused(demo);
    await isServersLast(demo, server);
  });

  it('comes back when the server does, on the same page', async (t) => {
    const { demo, server } = await board(t);
    await until('some events', async () => (await number(demo, 'events')) > 200);
    await server.kill();
    await demo.has('board-status', 'Reconnecting');
    await server.start();
    await demo.has('board-status', 'Live');
    const events = await number(demo, 'events');
    await until('more events', async () => (await number(demo, 'events')) > events + 200);
  });

  it('opens no stream while it is not looked at', async (t) => {
    const { demo } = await board(t);
    await until('some events', async () => (await number(demo, 'events')) > 200);
    await demo.openTab('Editor');
    const counted = () => demo.page.getByTestId('events').evaluate((element) => element.textContent);
    let before = '';
    await until('no more events', async () => {
      const now = await counted();
      const still = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      return still;
    });
  });
});

async function board(t) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  const demo = await demoPage(t, server.url, 'board');
  await demo.openTab('Dashboard');
  await demo.has('board-status', 'Live, 1,000 events a second');
  return { server, demo };
}

/** Runs in the page: counts frames, and how often React changes the tiles, which it does in one turn each time. */
function countRenders() {
  const counted = { frames: 0, slow: 0, renders: 0 };
  let before = performance.now();
  const frame = (now) => {
    counted.frames++;
    // What waits for a frame for a quarter of a second is told without one.
    counted.slow += Math.floor((now - before) / 250);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const render = () => counted.renders++;
  const changes = { subtree: true, characterData: true, childList: true };
  new MutationObserver(render).observe(document.querySelector('.tiles'), changes);
  window.counted = counted;
}

async function number(demo, testId) {
  const words = await demo.page.getByTestId(testId).textContent();
  return Number(words.replaceAll(',', ''));
}

/** Pauses, and waits until what came before is counted and drawn. */
async function paused(demo) {
  await demo.button('Pause').click();
  await demo.has('board-status', 'Paused');
  let before = '';
  await until('the last event', async () => {
    const now = await demo.page.getByTestId('last-id').getAttribute('title');
    const still = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 600));
    return still;
  });
}

async function isServersLast(demo, server) {
  const id = await demo.page.getByTestId('last-id').getAttribute('title');
  const response = await fetch(`${server.url}/demo/readings/latest?rate=1000&id=${id}`);
  const wanted = Object.entries(await response.json()).map(([key, value]) => [key, value.toFixed(1)]);
  const tiles = await demo.page.$$eval('.tile', (elements) =>
    elements.map((tile) => [tile.dataset.key, tile.querySelector('.tile-value').textContent]),
  );
  assert.deepEqual(Object.fromEntries(tiles), Object.fromEntries(wanted));
}
