// Known holes in what we depend on: `cargo deny` by deny.toml, `npm audit` for what the package and the page ship.
// No test asks for this: the databases are on the network, and change without a commit. What is out of reach is told, and is no failure.
import { Failure, main } from './lib/failure.mjs';
import { ask, stream } from './lib/run.mjs';

await main(async () => {
  const verdicts = [...(await crates()), ...npm()];
  for (const { what, verdict } of verdicts) console.log(`${verdict.padEnd(12)} ${what}`);
  const failed = verdicts.filter(({ verdict }) => verdict === 'failed').map(({ what }) => what);
  if (failed.length > 0) throw new Failure(`failed: ${failed.join(', ')}`, 'the words above say why');
});

/** Licences, sources and bans need no network; advisories do. */
async function crates() {
  const rules = 'cargo deny: bans, licences, sources';
  const advisories = 'cargo deny: advisories';
  if (!ask('cargo', ['deny', '--version']).ok) {
    console.log('cargo-deny is not installed; installing it (some minutes)');
    const installed = await stream('cargo', ['install', '--locked', 'cargo-deny']);
    if (!installed.ok) return [rules, advisories].map((what) => ({ what, verdict: 'out of reach' }));
  }
  const kept = await stream('cargo', ['deny', 'check', 'bans', 'licenses', 'sources']);
  const known = await stream('cargo', ['deny', 'check', 'advisories']);
  // Only a database that was read can name a finding.
  const found = known.ok ? 'passed' : /advisory database|failed to fetch/i.test(known.text) ? 'out of reach' : 'failed';
  return [
    { what: rules, verdict: kept.ok ? 'passed' : 'failed' },
    { what: advisories, verdict: found },
  ];
}

function npm() {
  const { ok, stdout } = ask('npm', ['audit', '--omit=dev', '--audit-level=moderate', '--json']);
  const { metadata, vulnerabilities } = read(stdout);
  if (!metadata) return [{ what: 'npm audit', verdict: 'out of reach' }];
  for (const { name, severity, range } of Object.values(vulnerabilities)) console.log(`${severity}: ${name} ${range}`);
  return [{ what: 'npm audit', verdict: ok ? 'passed' : 'failed' }];
}

function read(json) {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
