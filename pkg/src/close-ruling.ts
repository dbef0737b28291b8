import type { CoreVerdict } from './boundary.js';
import type { ClientOptions } from './options.js';
import type { Answer } from './room-endpoint.js';
import { runSafely } from './store.js';

/** What the app makes of a close, as the core is told it. */
export async function rulingOf(
  { closeCodes, onClose }: Pick<ClientOptions, 'closeCodes' | 'onClose'>,
  { code, reason }: CoreVerdict,
  id: string,
): Promise<Answer> {
  let ruling = closeCodes?.[code] ?? 'default';
  try {
    ruling = (await onClose?.({ code, reason, room: id })) ?? ruling;
  } catch (error) {
    runSafely(() => {
      throw error;
    });
  }
  const [word, wait] = typeof ruling === 'object' ? (['retry', ruling.retryMs] as const) : [ruling];
  return (core, room, request) => core.answerWith(room, request, word, '', wait);
}
