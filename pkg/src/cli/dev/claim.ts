import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder is another server's. */
export class TakenFolder extends Error {}

/** Makes a folder this process' own: two that write the same logs would spoil them. Resolves to what gives it back. */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'rejoin-dev.pid');
  const write = (flag: 'w' | 'wx'): Promise<void> => writeFile(path, String(process.pid), { flag });
  try {
    await write('wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(path, 'utf8'));
    if (isRunning(owner)) throw new TakenFolder(`the folder ${folder} is used by process ${owner}`);
    await write('w');
  }
  return () => rm(path, { force: true });
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
