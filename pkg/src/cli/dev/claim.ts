import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** The mark of a server in its folder. */
const MARK = 'rejoin-dev.pid';
/** How often the lock is tried, and the pause between, in milliseconds. It is held for the time of a read and a write. */
const TRIES = 100;
const PAUSE = 20;

/** The folder is another server's. */
export class TakenFolder extends Error {}

/** Makes a folder this process' own: two that write the same logs would spoil them. Resolves to what gives it back. */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, MARK);
  // Who finds a stale mark must not take away one that was set meanwhile.
  const unlock = await lock(folder, `${path}.lock`);
  try {
    const owner = await ownerOf(path);
    if (isRunning(owner)) throw new TakenFolder(`the folder ${folder} is used by process ${owner} (${MARK})`);
    await writeFile(path, String(process.pid));
  } finally {
    await unlock();
  }
  return async () => {
    if ((await ownerOf(path)) === process.pid) await rm(path, { force: true });
  };
}

/** One process at a time. */
async function lock(folder: string, path: string): Promise<() => Promise<void>> {
  for (let left = TRIES; ; left--) {
    try {
      await (await open(path, 'wx')).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (left === 0)
        throw new TakenFolder(`the folder ${folder} is being taken; if no server starts there, remove ${path}`);
      await wait(PAUSE);
    }
  }
}

/** Whose mark it is; 0 where there is none. */
async function ownerOf(path: string): Promise<number> {
  try {
    return Number(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** A mark with this process' own id was left by an earlier one, which had it in its container. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
