import { claimFolder, TakenFolder } from './dev/claim.js';
import { type DevOptions, devUsage, readDevOptions } from './dev/options.js';
import { type DevServer, startDevServer } from './dev/server.js';

/** Runs a server until it is told to end. Resolves to the exit code. */
export async function dev(args: readonly string[]): Promise<number> {
  const options = readDevOptions(args);
  if (!options) {
    console.log(devUsage);
    return 0;
  }
  // Before anything that a signal could interrupt; the core is loaded only here.
  const ended = signal();
  const release = options.data === null ? null : await claim(options.data);
  const server = release === undefined ? null : await listen(options);
  if (!server) {
    await release?.();
    return 1;
  }
  const kept = options.data === null ? 'rooms are in memory' : `rooms are kept in ${options.data}`;
  console.log(`rejoin dev: ${server.url}/my-room (${kept}; Ctrl+C ends it)`);
  if (!/^(localhost|127\..*|::1)$/.test(options.host))
    console.log('whoever reaches this address can read and write all rooms');
  await ended;
  await server.close();
  await release?.();
  return 0;
}

/** Resolves to what gives the folder back, or to nothing if it cannot be had. */
async function claim(folder: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await claimFolder(folder);
  } catch (error) {
    const { message } = error as Error;
    console.error(error instanceof TakenFolder ? message : `the folder ${folder} cannot be used: ${message}`);
    return undefined;
  }
}

async function listen(options: DevOptions): Promise<DevServer | null> {
  const { host, port } = options;
  try {
    return await startDevServer(await import('rejoin'), options, log);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') console.error(`port ${port} of ${host} is taken: another one with --port`);
    else if (code === 'EACCES')
      console.error(`this account may not listen on port ${port} of ${host}: another one with --port`);
    else console.error(`it cannot listen on ${host}, port ${port}: ${message}`);
    return null;
  }
}

function log(line: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)} ${line}`);
}

/** The first signal ends it as it should be; the second one at once, as ever. */
function signal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
}
