import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { secret, signed } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the chat room of the demo', () => {
  it('shows a message to everybody, that it was sent, and who has read it', async (t) => {
    const { ann, bob } = await two(t);
    await ann.rename('Ann');
    await bob.rename('Bob');
    await say(ann, 'Is anybody there?');
    await hasSaid(bob, ['Is anybody there?']);
    await bob.page.locator('.author').getByText('Ann').waitFor();
    await ann.page.locator('[data-mark=sent]').waitFor();
    await ann.page.locator('.readers').getByText('Bob').waitFor();
    await say(bob, 'I am');
    await hasSaid(ann, ['Is anybody there?', 'I am']);
    await ann.page.getByRole('status').getByText('Bob: I am').waitFor({ state: 'attached' });
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('does not count as read what nobody has looked at', async (t) => {
    const { ann, bob } = await two(t);
    await bob.openTab('Editor');
    await say(ann, 'Look here');
    await hasSaid(bob, ['Look here']);
    await ann.page.locator('[data-mark=sent]').waitFor();
    // What Bob had said before this would be here with it.
    await bob.write('I write');
    await ann.openTab('Editor');
    await until('what Bob wrote', async () => (await ann.note()).includes('I write'));
    await ann.openTab('Chat room');
    assert.equal(await ann.page.locator('.readers').count(), 0);
    await bob.openTab('Chat room');
    await ann.page.locator('.readers').waitFor();
  });

  it('shows who is typing, and no longer once it is sent or taken back', async (t) => {
    const { ann, bob } = await two(t);
    await ann.rename('Ann');
    const field = ann.page.getByRole('textbox', { name: 'Message' });
    await field.pressSequentially('Hel');
    await bob.has('typing', 'Ann is typing');
    await field.fill('');
    await bob.page.getByTestId('typing').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
    await field.pressSequentially('Hello');
    await bob.has('typing', 'Ann is typing');
    await field.press('Enter');
    await hasSaid(bob, ['Hello']);
    await bob.page.getByTestId('typing').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  });

  it('keeps what was written with the link cut over a reload, and delivers it once', async (t) => {
    const { ann, bob } = await two(t);
    await say(ann, 'before');
    await hasSaid(bob, ['before']);
    await ann.button('Cut the link').click();
    await ann.has('status', 'Cut by you');
    await say(ann, 'one');
    await say(ann, 'two');
    await hasSaid(ann, ['before', 'one', 'two']);
    const waiting = ann.page.locator('[data-mark=sending]');
    await until('two that wait', async () => (await waiting.count()) === 2);
    assert.deepEqual(await waiting.allTextContents(), ['waits on this device', 'waits on this device']);
    assert.deepEqual(await said(bob), ['before']);
    await ann.isSaved();
    await ann.page.reload();
    await hasSaid(ann, ['before', 'one', 'two']);
    await hasSaid(bob, ['before', 'one', 'two']);
    await until('all are sent', async () => (await ann.page.locator('[data-mark=sent]').count()) === 3);
    await bob.button('Drop my socket').click();
    await say(bob, 'after');
    await hasSaid(ann, ['before', 'one', 'two', 'after']);
    await hasSaid(bob, ['before', 'one', 'two', 'after']);
  });

  it('brings earlier messages when somebody scrolls up, and stays where they are', async (t) => {
    const { server, ann } = await two(t);
    const all = Array.from({ length: 70 }, (_, index) => `line ${index + 1}`);
    for (const line of all) await say(ann, line);
    await until('all are sent', async () => (await ann.page.locator('[data-mark=sent]').count()) === all.length);
    const eve = await opened(t, server);
    await hasSaid(eve, all.slice(-50));
    const box = eve.page.getByRole('region', { name: 'Messages' });
    await box.evaluate((element) => element.scrollTo(0, 0));
    await hasSaid(eve, all);
    assert.ok((await box.evaluate((element) => element.scrollTop)) > 100, 'what was put before did not move the rest');
    await eve.button('Earlier messages').waitFor({ state: 'detached' });
  });

  it('says why a message cannot be sent, and does not lose its words', async (t) => {
    const { ann, bob } = await two(t);
    const long = 'x'.repeat(2_001);
    await say(ann, long);
    await ann.page.locator('[data-mark=failed]').getByText('2000').waitFor();
    await hasSaid(ann, [long]);
    await ann.button('Discard').click();
    await say(ann, 'shorter');
    await hasSaid(bob, ['shorter']);
    await hasSaid(ann, ['shorter']);
  });

  it('shows what was refused after a reload with the reason, until it is discarded', async (t) => {
    const server = await rejoinServer(t, {
      assets: true,
      flags: ['--demo', '--jwt-key', secret, '--auth-cookie', 'session'],
    });
    const cookie = (claims) => ({ name: 'session', value: signed(60, claims), domain: '127.0.0.1', path: '/' });
    const ann = await opened(t, server, { storageState: { cookies: [cookie({})], origins: [] } });
    await say(ann, 'before');
    await until('it is sent', async () => (await ann.page.locator('[data-mark=sent]').count()) === 1);
    await ann.button('Cut the link').click();
    await ann.has('status', 'Cut by you');
    await say(ann, 'too late');
    await ann.isSaved();
    await ann.page.context().addCookies([cookie({ readonly: true })]);
    await ann.page.reload();
    await ann.page.locator('[data-mark=failed]').waitFor();
    await hasSaid(ann, ['before', 'too late']);
    await ann.button('Discard').click();
    await hasSaid(ann, ['before']);
  });

  it('goes on where it was when the server is killed and started again', async (t) => {
    const { server, ann, bob } = await two(t);
    await say(ann, 'kept on disk');
    await hasSaid(bob, ['kept on disk']);
    await server.kill();
    await ann.has('status', 'Reconnecting');
    await say(ann, 'written meanwhile');
    await server.start();
    await hasSaid(bob, ['kept on disk', 'written meanwhile']);
    await until('both are sent', async () => (await ann.page.locator('[data-mark=sent]').count()) === 2);
  });
});

async function two(t) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  return { server, ann: await opened(t, server), bob: await opened(t, server) };
}

async function opened(t, server, extra = {}) {
  const demo = await demoPage(t, server.url, 'talk', extra);
  await demo.openTab('Chat room');
  await demo.page.getByRole('textbox', { name: 'Message' }).waitFor();
  return demo;
}

async function say(demo, words) {
  const field = demo.page.getByRole('textbox', { name: 'Message' });
  await field.fill(words);
  await field.press('Enter');
}

function said(demo) {
  return demo.page.locator('.said').allTextContents();
}

function hasSaid(demo, expected) {
  return until(`${expected.length} messages, the last ${expected.at(-1)}`, async () =>
    isDeepStrictEqual(await said(demo), expected),
  );
}
