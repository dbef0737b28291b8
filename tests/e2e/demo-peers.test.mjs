import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the whiteboard of the demo', () => {
  it('goes on by the peers while the server is cut, and by the server while the peers are', async (t) => {
    const { ann, bob } = await two(t, 'Whiteboard');
    const [anns, bobs] = [new Board(ann), new Board(bob)];
    await anns.draws('Rectangle', [100, 100], [300, 220]);
    await bobs.has(['green rectangle']);
    await Promise.all([cut(ann), cut(bob)]);
    await anns.draws('Ellipse', [400, 100], [560, 240]);
    await bobs.has(['green rectangle', 'green ellipse']);
    assert.notEqual(await ann.page.getByTestId('pending').textContent(), '0', 'the server has it already');
    await ann.rename('Ann');
    await anns.points(640, 200);
    await bob.page.locator('.pointer-name').getByText('Ann').waitFor();
    for (const demo of [ann, bob]) await demo.button('Mend the link').click();
    await Promise.all([ann.isSynced(), bob.isSynced()]);
    for (const demo of [ann, bob]) await demo.button('Cut the peers').click();
    await ann.has('peers-synced', 'Cut by you');
    assert.equal(await ann.page.getByTestId('peer').count(), 0);
    await bobs.puts('Note', 'By the server');
    await anns.has(['green rectangle', 'green ellipse', 'Note: By the server']);
    for (const demo of [ann, bob]) await demo.button('Link with the peers').click();
    await Promise.all([isLinked(ann), isLinked(bob)]);
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('moves a shape with the hand that holds it, and the other window sees it on its way', async (t) => {
    const { ann, bob } = await two(t, 'Whiteboard');
    const [anns, bobs] = [new Board(ann), new Board(bob)];
    await anns.draws('Rectangle', [100, 100], [300, 220]);
    await bobs.has(['green rectangle']);
    const isAt = (x, y) =>
      until(`the rectangle at ${x}, ${y}`, async () => {
        const at = await bobs.place('green rectangle');
        return Math.abs(at.x - x) <= 2 && Math.abs(at.y - y) <= 2;
      });
    await isAt(100, 100);
    await anns.points(200, 160);
    await ann.page.mouse.down();
    await anns.points(240, 180);
    await isAt(140, 120);
    await anns.points(400, 360);
    await ann.page.mouse.up();
    await isAt(300, 300);
    await ann.button('Undo').filter({ visible: true }).click();
    await isAt(100, 100);
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('is worked by the keyboard alone: put, move, size, write, delete, undo', async (t) => {
    const { ann, bob } = await two(t, 'Whiteboard');
    const [anns, bobs] = [new Board(ann), new Board(bob)];
    await anns.puts('Rectangle');
    await bobs.has(['green rectangle']);
    const before = await bobs.place('green rectangle');
    for (const key of ['ArrowLeft', 'ArrowUp', 'Shift+ArrowRight', 'Shift+ArrowDown'])
      await ann.page.keyboard.press(key);
    const step = 8;
    const expected = { x: before.x - step, y: before.y - step, w: before.w + step, h: before.h + step };
    await until('the rectangle elsewhere', async () =>
      isDeepStrictEqual(await bobs.place('green rectangle'), expected),
    );
    await bobs.puts('Note', 'to write');
    await anns.has(['green rectangle', 'Note: to write']);
    await bob.page.keyboard.press('Enter');
    await bob.page.keyboard.press('Control+End');
    await bob.page.keyboard.type(' more');
    await bob.page.keyboard.press('Escape');
    await anns.has(['green rectangle', 'Note: to write more']);
    await bob.page.keyboard.press('Delete');
    await anns.has(['green rectangle']);
    await bob.button('Undo').first().click();
    await anns.has(['green rectangle', 'Note: to write more']);
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('takes files that are dropped on it to the others, whole', async (t) => {
    const { ann, bob } = await two(t, 'Whiteboard');
    await ann.page.locator('.surface').dispatchEvent('drop', { dataTransfer: await picture(ann.page) });
    await has(ann, 'dot.png', 'Arrived, whole');
    await has(bob, 'dot.png', 'Here, whole');
    const image = bob.page.getByRole('img', { name: 'dot.png' });
    await until('the picture', async () => (await image.evaluate(({ naturalWidth }) => naturalWidth)) === 8);
    const buffer = randomBytes(600_000);
    const chosen = { name: 'numbers.bin', mimeType: 'application/octet-stream', buffer };
    await bob.page.getByLabel('Choose files').setInputFiles(chosen);
    await has(ann, 'numbers.bin', 'Here, whole');
    const [download] = await Promise.all([
      ann.page.waitForEvent('download'),
      ann.page.getByRole('link', { name: 'Save numbers.bin' }).click(),
    ]);
    assert.ok(readFileSync(await download.path()).equals(buffer));
    await ann.button('Cut the peers').click();
    await bob.page.getByTestId('peer').waitFor({ state: 'detached' });
    await bob.page.getByLabel('Choose files').setInputFiles(chosen);
    await bob.page.getByRole('alert').getByText('Nobody is linked').waitFor();
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });
});

describe('the video room of the demo', () => {
  it('shows and plays the others without a server, says who is muted, and who left', async (t) => {
    const { ann, bob } = await two(t, 'Video room');
    await ann.rename('Ann');
    await ann.button('Join with camera and microphone').click();
    await bob.page.getByText('Ann is in it').waitFor();
    await bob.button('Join with camera and microphone').click();
    const anns = bob.page.getByTestId('tile').filter({ hasText: 'Ann' });
    const video = bob.page.getByLabel('Camera of Ann');
    await plays(video);
    await anns.getByText('speaking').waitFor();
    await Promise.all([cut(ann), cut(bob)]);
    await plays(video);
    await ann.button('Mute microphone').click();
    await anns.getByText('muted').waitFor();
    await ann.button('Stop camera').click();
    await anns.getByText('camera off').waitFor();
    await ann.button('Start camera').click();
    await plays(video);
    await ann.button('Share screen').click();
    await plays(bob.page.getByLabel('Screen of Ann'));
    await ann.button('Leave').click();
    await anns.waitFor({ state: 'detached' });
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });
});

/** Waits until a video has a picture and its time goes on. */
async function plays(video) {
  const state = () => video.evaluate(({ videoWidth, currentTime }) => ({ videoWidth, currentTime }));
  await video.waitFor();
  const { currentTime } = await state();
  await until('a video that plays', async () => {
    const now = await state();
    return now.videoWidth > 0 && now.currentTime > currentTime;
  });
}

async function two(t, tab) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  const [ann, bob] = await Promise.all([opened(t, server, tab), opened(t, server, tab)]);
  await Promise.all([isLinked(ann), isLinked(bob)]);
  return { ann, bob };
}

async function opened(t, server, tab) {
  const demo = await demoPage(t, server.url, 'peers');
  await demo.openTab(tab);
  return demo;
}

/** Waits until the one other window is linked with and has confirmed everything. */
async function isLinked(demo) {
  await demo.has('peer', 'linked');
  await demo.has('peers-synced', 'Synced with 1 of 1 peer');
}

function has(demo, file, words) {
  return demo.page.getByTestId('file').filter({ hasText: file }).filter({ hasText: words }).waitFor();
}

/** What a hand drags: a picture of eight pixels by eight. */
function picture(page) {
  return page.evaluateHandle(async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d').fillRect(2, 2, 4, 4);
    const blob = await canvas.convertToBlob();
    const dragged = new DataTransfer();
    dragged.items.add(new File([blob], 'dot.png', { type: blob.type }));
    return dragged;
  });
}

async function cut(demo) {
  await demo.button('Cut the link').click();
  await demo.has('status', 'Cut by you');
}

/** The board of a window, in its own units. */
class Board {
  constructor({ page }) {
    this.page = page;
  }

  tool(name) {
    return this.page.getByRole('group', { name: 'Tools' }).getByRole('button', { name });
  }

  async draws(tool, from, to) {
    await this.tool(tool).click();
    await this.points(...from);
    await this.page.mouse.down();
    await this.points(...to);
    await this.page.mouse.up();
  }

  async puts(tool, words = '') {
    await this.tool(tool).press('Enter');
    if (!words) return;
    await this.page.getByRole('textbox', { name: 'Words of the note' }).waitFor();
    await this.page.keyboard.type(words);
    await this.page.keyboard.press('Escape');
  }

  async points(x, y) {
    const { x: left, y: top, width, height } = await this.page.locator('.surface').boundingBox();
    await this.page.mouse.move(left + (width * x) / 960, top + (height * y) / 600);
  }

  has(names) {
    const read = () =>
      this.page.$$eval('.shape-body[aria-label]', (bodies) => bodies.map((body) => body.getAttribute('aria-label')));
    return until(`the shapes ${names}`, async () => isDeepStrictEqual(await read(), names));
  }

  place(name) {
    const body = this.page.getByRole('button', { name, exact: true });
    return body.evaluate(({ parentElement: { style } }) => {
      const part = (value, of) => Math.round((Number.parseFloat(value) / 100) * of);
      const { left, top, width, height } = style;
      return { x: part(left, 960), y: part(top, 600), w: part(width, 960), h: part(height, 600) };
    });
  }
}
