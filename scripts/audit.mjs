// Known holes in what we depend on: `cargo deny` by deny.toml, `npm audit` for what the package and the page ship.
// No test asks for this: the databases are on the network, and change without a commit.
import { Failure, main } from './lib/failure.mjs';
import { ask, stream } from './lib/run.mjs';

await main(async () => {
  const failed = [];
  if (!(await denies())) failed.push('cargo deny');
  if (!(await stream('npm', ['audit', '--omit=dev', '--audit-level=moderate'])).ok) failed.push('npm audit');
  if (failed.length > 0) throw new Failure(`failed or out of reach: ${failed.join(', ')}`, 'the words above say which');
  console.log('\n✓ nothing known');
});

/** Licences, sources and bans need no network; advisories do. */
async function denies() {
  if (!ask('cargo', ['deny', '--version']).ok) {
    console.log('cargo-deny is not installed; installing it (some minutes)');
    const installed = await stream('cargo', ['install', '--locked', 'cargo-deny']);
    if (!installed.ok) return false;
  }
  const offline = await stream('cargo', ['deny', 'check', 'bans', 'licenses', 'sources']);
  const advisories = await stream('cargo', ['deny', 'check', 'advisories']);
  return offline.ok && advisories.ok;
}
