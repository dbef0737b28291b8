import type { CoreVerdict } from './boundary.js';
import type { ClientOptions } from './options.js';
import type { Answer } from './room-endpoint.js';
import { runSafely } from './store.js';

/** How long `onClose` may think, in milliseconds: the core goes on by itself after five seconds. */
const PATIENCE = 4_500;

/** What the app makes of a close, as the core is told it. */
export async function rulingOf(
  { closeCodes, onClose }: Pick<ClientOptions, 'closeCodes' | 'onClose'>,
  { code, reason }: CoreVerdict,
  id: string,
): Promise<Answer> {
  let ruling = closeCodes?.[code] ?? 'default';
  try {
    ruling = (await within(PATIENCE, onClose?.({ code, reason, room: id }))) ?? ruling;
  } catch (error) {
    runSafely(() => {
      throw error;
    });
  }
  const [word, wait] = typeof ruling === 'object' ? (['retry', ruling.retryMs] as const) : [ruling];
  return (core, room, request) => core.answerWith(room, request, word, '', wait);
}

/** What it comes to, or nothing once the time is over. */
async function within<T>(millis: number, answer: T | Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), millis);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
