// The simulation for hours: `npm run soak -- --hours 8 --seeds 250000`. Progress is kept in .cache/soak.json, so that
// the next run of the same commit goes on where this one ended; every kind of world has its turn.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cache } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { ask, stream } from './lib/run.mjs';

/** Names of seeds, and the test that runs them. */
const kinds = {
  SIM_SEED: 'no_seed_breaks_a_promise',
  SIM_HARD_SEED: 'no_seed_breaks_a_promise_in_hardship',
  SIM_FOOTING_SEED: 'no_seed_breaks_a_promise_where_the_server_changes_its_mind',
  SIM_HANG_SEED: 'no_seed_breaks_a_promise_where_databases_do_not_answer',
  SIM_MESSAGE_SEED: 'no_seed_loses_repeats_or_reorders_a_message',
  SIM_PEER_SEED: 'peers::no_seed_breaks_a_promise_among_peers',
  SIM_PEER_FOOTING_SEED: 'peers::no_seed_breaks_a_promise_among_peers_where_the_server_changes_its_mind',
  SIM_HTTP_SEED: 'over_http::no_seed_breaks_a_promise_where_websockets_are_blocked',
  SIM_STREAM_SEED: 'streams::no_seed_loses_repeats_or_tears_what_a_stream_says',
};
const chunk = 500;
const line = /(SIM_\w+): (\d+) seeds, (\d+) faults, (\d+) edits, (\d+) messages/;
const file = join(cache, 'soak.json');

await main(async () => {
  const { values } = parseArgs({ options: { hours: { type: 'string' }, seeds: { type: 'string' } } });
  const until = Date.now() + Number(values.hours ?? 8) * 3_600_000;
  const wanted = Number(values.seeds ?? 250_000);
  const state = load();
  const turn = Object.keys(kinds);
  for (let at = state.turns; total(state).seeds < wanted && Date.now() < until; at++) {
    await runChunk(state, turn[at % turn.length]);
    state.turns = at + 1;
    save(state);
    tell(state, wanted);
  }
  console.log(`commit ${state.commit}: ${figures(total(state))}, nothing lost, diverged or falsely claimed`);
});

function load() {
  const commit = ask('git', ['rev-parse', '--short', 'HEAD']).stdout.trim();
  const dirty = ask('git', ['status', '--porcelain', '--untracked-files=no']).stdout.trim() !== '';
  const name = dirty ? `${commit} with changes` : commit;
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  if (known?.commit === name && !dirty) return known;
  return { commit: name, turns: 0, seconds: 0, kinds: {} };
}

function save(state) {
  mkdirSync(cache, { recursive: true });
  writeFileSync(file, JSON.stringify(state, null, 2));
}

async function runChunk(state, kind) {
  state.kinds[kind] ??= { next: 0, seeds: 0, faults: 0, edits: 0, messages: 0 };
  const sum = state.kinds[kind];
  const args = ['test', '-q', '-p', 'rejoin', '--test', 'sim', '--', '--exact', '--nocapture', kinds[kind]];
  const env = { SIM_FROM: String(sum.next), SIM_SEEDS: String(kind === 'SIM_HTTP_SEED' ? chunk * 2 : chunk) };
  const started = Date.now();
  const { ok, text, reason } = await stream('cargo', args, { env, limit: 3_600_000, onChunk: () => {} });
  const [, , ...numbers] = line.exec(text) ?? [];
  if (!ok || numbers.length === 0) {
    const failed = text.split('\n').filter((each) => each.includes('SEED='));
    throw new Failure(`${kind} from ${sum.next}: ${reason ?? 'no figures'}`, failed.join('\n') || text.slice(-2_000));
  }
  const [seeds, faults, edits, messages] = numbers.map(Number);
  for (const [name, number] of Object.entries({ seeds, faults, edits, messages })) sum[name] += number;
  sum.next += seeds;
  state.seconds += (Date.now() - started) / 1_000;
}

function total({ kinds: sums }) {
  const sum = { seeds: 0, faults: 0, edits: 0, messages: 0 };
  for (const each of Object.values(sums)) for (const name of Object.keys(sum)) sum[name] += each[name];
  return sum;
}

function tell(state, wanted) {
  const { seeds } = total(state);
  const left = Math.round(((wanted - seeds) * state.seconds) / seeds / 60);
  console.log(
    `${figures(total(state))} in ${Math.round(state.seconds)} s; ${Math.max(left, 0)} min to ${wanted} seeds`,
  );
}

function figures({ seeds, faults, edits, messages }) {
  return `${seeds} seeds, ${faults} faults, ${edits} edits, ${messages} messages`;
}
