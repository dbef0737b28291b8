import { browserPlatform, type TabPlatform } from './leader.js';

/** How long tabs wait for a worker to come first; in milliseconds. */
const PATIENCE = 2_000;

/** What a tab asks of the worker: to lead those who share under this name. */
export interface Call {
  readonly lead: string;
}

/** A worker's answer: it has asked to lead them. */
export interface Answer {
  readonly stands: string;
}

/**
 * A tab's platform when a SharedWorker is to lead: it outlives tabs and is never hidden. Where there is none, or it does not
 * answer, a tab leads.
 */
export function ledByWorker(open: () => SharedWorker, name: string): TabPlatform {
  return { ...browserPlatform(), turn: called(open, name).catch(() => {}) };
}

async function called(open: () => SharedWorker, name: string): Promise<void> {
  const worker = open();
  await new Promise<void>((resolve) => {
    worker.onerror = () => resolve();
    worker.port.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data?.stands === name) resolve();
    };
    setTimeout(resolve, PATIENCE);
    worker.port.postMessage({ lead: name } satisfies Call);
  });
}
