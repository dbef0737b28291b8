// Browsers and servers that die in mid-typing, many times: `npm run faults -- --kills 20 --crashes 50 --closes 50 --server-kills 20`.
import { parseArgs } from 'node:util';
import { Bench, ends, endTyping, killServer } from '../tests/e2e/support/typing.mjs';
import { main } from './lib/failure.mjs';
import { ask } from './lib/run.mjs';
import { buildServer } from './server.mjs';

const options = {
  kills: { type: 'string', default: '20' },
  crashes: { type: 'string', default: '50' },
  closes: { type: 'string', default: '50' },
  'server-kills': { type: 'string', default: '20' },
};
/** Whatever is asked for. */
const most = 1_000;
/** A bench with so many rounds is done with: its text would only make the next one slower. */
const roundsOfBench = 25;

await main(async () => {
  const { values } = parseArgs({ options });
  const counts = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Math.min(Number(value), most)]),
  );
  await buildServer();
  const commit = ask('git', ['rev-parse', '--short', 'HEAD']).stdout.trim();
  for (const how of Object.keys(ends)) await repeat(how, counts[how], (bench, words) => endTyping(bench, how, words));
  await repeat('server-kills', counts['server-kills'], killServer);
  console.log(`commit ${commit}: nothing lost, nothing twice`);
});

/** Does it so many times, each after another number of words; throws at the first broken promise. */
async function repeat(what, count, round) {
  const told = { saved: 0, synced: 0 };
  for (let done = 0; done < count; ) {
    const rounds = Math.min(roundsOfBench, count - done);
    const ledger = await onBench(rounds, (bench, at) => round(bench, 1 + (((done + at) * 7) % 60)));
    for (const level of Object.keys(told)) told[level] += ledger.total(level);
    done += rounds;
    console.log(`${what}: ${done} of ${count}, ${told.saved} words told saved, ${told.synced} told synced, lost 0`);
  }
}

async function onBench(rounds, round) {
  const ended = [];
  const t = { after: (end) => ended.push(end) };
  try {
    const bench = await Bench.start(t);
    for (let at = 0; at < rounds; at++) await round(bench, at);
    await bench.settle();
    return bench.ledger;
  } finally {
    for (const end of ended) await end();
  }
}
