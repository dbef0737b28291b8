#!/usr/bin/env node
import { devUsage } from './dev/options.js';
import { dev } from './dev.js';
import { examine } from './doctor.js';
import { type DoctorOptions, readOptions, UsageError, usage } from './options.js';
import { table } from './table.js';

const codes = { ok: 0, problems: 1, usage: 2 };

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'dev') return await dev(rest);
    const options = readOptions(args);
    if (options) return await doctor(options);
    console.log(`${usage}\n\n${devUsage}`);
    return codes.ok;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${command === 'dev' ? devUsage : usage}`);
    return codes.usage;
  }
}

async function doctor(options: DoctorOptions): Promise<number> {
  const { kind, report } = await examine(options);
  const { ok, findings } = report;
  if (options.json) {
    console.log(JSON.stringify({ url: options.url.href, kind, ok, findings }, null, 2));
  } else {
    const width = process.stdout.columns ?? 100;
    const colour = process.stdout.isTTY && !process.env.NO_COLOR;
    const problems = findings.filter(({ verdict }) => verdict === 'fail').length;
    const verdict = ok ? 'nothing is broken' : `${problems} problem${problems === 1 ? '' : 's'}`;
    console.log(`${options.url.href}\n\n${table(report, { width, colour: colour === true })}\n\n${verdict}`);
  }
  return ok ? codes.ok : codes.problems;
}
