// The demo's dashboard at 1,000 events a second in Chromium: frames, and tasks that keep the page from drawing one.
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBrowser } from '../e2e/support/browser.mjs';
import { demoPage } from '../e2e/support/demo.mjs';
import { rejoinServer } from '../e2e/support/rejoin-server.mjs';

const SECONDS = 20;
/** A frame of 60 a second that is late by half. */
const LATE = 25;

const ends = [];
const t = { after: (end) => ends.unshift(end) };
const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
const demo = await demoPage(t, server.url, 'board');
const idle = await measured('an idle page');
await demo.openTab('Dashboard');
await demo.has('board-status', 'Live, 1,000 events a second');
const before = await events();
const live = await measured('the dashboard');
console.log(`events: ${Math.round(((await events()) - before) / SECONDS)} a second`);
console.log(`frames lost to the dashboard: ${Math.max(0, idle.frames - live.frames)} of ${idle.frames}`);
for (const end of ends) await end();
await closeBrowser();

async function measured(what) {
  await demo.page.evaluate(watch, LATE);
  await sleep(SECONDS * 1_000);
  const { frames, late, tasks, longest } = await demo.page.evaluate(() => window.watched());
  const rate = (frames / SECONDS).toFixed(1);
  console.log(
    `${what}: ${rate} frames a second, ${late} late by half, ${tasks} tasks over 50 ms, longest ${longest} ms`,
  );
  return { frames };
}

async function events() {
  return Number((await demo.page.getByTestId('events').textContent()).replaceAll(',', ''));
}

/** Runs in the page. */
function watch(late) {
  const seen = { frames: 0, late: 0, tasks: 0, longest: 0 };
  let before = performance.now();
  let over = false;
  const frame = (now) => {
    seen.frames++;
    if (now - before > late) seen.late++;
    before = now;
    if (!over) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.tasks++;
      seen.longest = Math.max(seen.longest, Math.round(duration));
    }
  });
  observer.observe({ entryTypes: ['longtask'] });
  window.watched = () => {
    over = true;
    observer.disconnect();
    return seen;
  };
}
