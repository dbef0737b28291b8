import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { wholeAnswer } from './support/answers.mjs';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const poem = 'Write a poem';
const plan = 'Make a plan';
/** Tall enough that the editor draws all its lines. */
const viewport = { width: 1280, height: 2000 };

describe('the LLM chat of the demo', () => {
  it('types the answer into the shared document, and another window sees it grow to the last letter', async (t) => {
    const { server, ann, bob } = await two(t);
    await ann.button(poem).click();
    const whole = await wholeAnswer(server, poem);
    await until('the first words in the other window', async () => (await bob.sharedPage()).length > 10);
    const early = await bob.sharedPage();
    assert.ok(early.length < whole.length && whole.startsWith(early), early);
    await ann.has('answer-status', 'Whole');
    assert.equal(await shown(ann), whole);
    await until('the whole answer in both windows', async () => (await bob.sharedPage()) === whole);
    assert.equal(await ann.sharedPage(), whole);
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('reads the other format to the same text, for this window alone if so chosen', async (t) => {
    const { server, ann, bob } = await two(t);
    await ann.page.getByLabel('Sent as').selectOption('openai');
    await ann.page.getByLabel('Type it into the shared page').uncheck();
    await ann.button(poem).click();
    await ann.has('answer-status', 'Whole');
    assert.equal(await shown(ann), await wholeAnswer(server, poem));
    assert.deepEqual([await ann.sharedPage(), await bob.sharedPage()], ['', '']);
  });

  for (const format of ['sse', 'openai']) {
    it(`goes on to the exact text after a cut in the middle, without asking again (${format})`, async (t) => {
      const { server, ann, bob } = await two(t);
      const asked = requests(ann);
      await ann.page.getByLabel('Sent as').selectOption(format);
      await ann.button(plan).click();
      await until('some words', async () => (await shown(ann)).length > 60);
      await ann.button('Cut it here').click();
      await until('a second request', () => asked.length === 2);
      await ann.has('answer-status', 'Whole');
      const whole = await wholeAnswer(server, plan);
      assert.equal(await shown(ann), whole);
      await until('the whole answer in the other window', async () => (await bob.sharedPage()) === whole);
      assert.deepEqual(
        asked.map(({ method }) => method),
        ['POST', 'GET'],
      );
      assert.ok(Number(asked[1].last) > 5, asked[1].last);
      assert.deepEqual(bob.complaints, []);
    });
  }

  it('is over when stopped, and stays as it was', async (t) => {
    const { server, ann, bob } = await two(t);
    const asked = requests(ann);
    await ann.button(plan).click();
    await until('some words', async () => (await shown(ann)).length > 30);
    await ann.button('Stop').click();
    await ann.has('answer-status', 'Stopped by you');
    const text = await shown(ann);
    const whole = await wholeAnswer(server, plan);
    assert.ok(whole.startsWith(text) && text.length < whole.length);
    await until('what came, in the other window', async () => (await bob.sharedPage()) === text);
    await ann.button('Drop my socket').click();
    await ann.isConnected();
    assert.equal(await shown(ann), text);
    assert.equal(asked.length, 1);
    await ann.button('Ask again').click();
    await until('a new answer', async () => (await bob.sharedPage()).length > text.length + 20);
    assert.equal(asked.length, 2);
  });

  it('goes on after a reload of the page, and is typed once', async (t) => {
    const { server, ann, bob } = await two(t);
    await ann.button(plan).click();
    await until('some words', async () => (await shown(ann)).length > 60);
    const asked = requests(ann);
    await ann.page.reload();
    await ann.has('answer-status', 'Whole');
    const whole = await wholeAnswer(server, plan);
    assert.equal(await shown(ann), whole);
    await until('the whole answer in the other window', async () => (await bob.sharedPage()) === whole);
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GET'],
    );
  });

  it('waits while the link is cut, and goes on when it is mended', async (t) => {
    const { server, ann, bob } = await two(t);
    await ann.button(plan).click();
    await until('some words', async () => (await shown(ann)).length > 60);
    await ann.button('Cut the link').click();
    await ann.has('answer-status', 'Cut off by you');
    const text = await shown(ann);
    assert.ok(text.length > 60, text);
    await ann.button('Mend the link').click();
    await ann.has('answer-status', 'Whole');
    const whole = await wholeAnswer(server, plan);
    assert.equal(await shown(ann), whole);
    await until('the whole answer in the other window', async () => (await bob.sharedPage()) === whole);
  });

  it('comes whole although the server is killed and started again', async (t) => {
    const { server, ann, bob } = await two(t);
    await ann.button(plan).click();
    await until('some words', async () => (await shown(ann)).length > 60);
    await server.kill();
    await ann.has('answer-status', 'Going on');
    await server.start();
    await ann.has('answer-status', 'Whole');
    const whole = await wholeAnswer(server, plan);
    assert.equal(await shown(ann), whole);
    await until('the whole answer in the other window', async () => (await bob.sharedPage()) === whole);
  });

  it('goes on while somebody looks at another tab', async (t) => {
    const { server, ann, bob } = await two(t);
    const asked = requests(ann);
    await ann.button(poem).click();
    await ann.openTab('Editor');
    const whole = await wholeAnswer(server, poem);
    await until('the whole answer in the other window', async () => (await bob.sharedPage()) === whole);
    assert.equal(asked.length, 1);
  });
});

async function two(t) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  const demos = [];
  for (let count = 0; count < 2; count++) {
    const demo = await demoPage(t, server.url, 'model', { viewport });
    await demo.openTab('LLM chat');
    await demo.button(poem).waitFor();
    demos.push(demo);
  }
  return { server, ann: demos[0], bob: demos[1] };
}

function shown(demo) {
  return demo.page.getByTestId('answer').textContent();
}

/** What a window asks of the model, from now on. */
function requests(demo) {
  const list = [];
  demo.page.on('request', (request) => {
    if (!request.url().includes('/demo/answer')) return;
    list.push({ method: request.method(), last: request.headers()['last-event-id'] });
  });
  return list;
}
