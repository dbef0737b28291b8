/**
 * For development: a panel in the page that shows what the rooms of a client do, and why something does not sync. An app that does not import it has nothing of it.
 *
 * @example
 * ```ts
 * import { mountDevtools } from 'rejoin/devtools';
 *
 * const unmount = mountDevtools(client, { open: true });
 * unmount();
 * ```
 * @packageDocumentation
 */

import { Devtools } from './devtools/mount.js';
import type { DevtoolsClient, DevtoolsOptions } from './devtools/types.js';

export type { Corner, DevtoolsClient, DevtoolsLink, DevtoolsOptions, LinkState, Theme } from './devtools/types.js';

/**
 * Shows the panel: a button in a corner of the page, which opens it. It lives in a shadow root, reads public stores alone, asks neither for messages nor for users,
 * and follows documents only while they are looked at. It keeps whether it is open in `sessionStorage`, and nothing else. Where there is no `document` it does nothing.
 *
 * Behind `if (import.meta.env.DEV)`, or what your bundler has for it, nothing of it is in what you publish.
 * @returns the function that takes it away; calling it twice is harmless.
 * @example
 * const prices = reconnectingEventSource('/prices');
 * const unmount = mountDevtools(client, { corner: 'bottom-left', links: { prices } });
 */
export function mountDevtools(client: DevtoolsClient, options: DevtoolsOptions = {}): () => void {
  if (typeof document === 'undefined') return () => {};
  const devtools = new Devtools(client, options);
  return () => devtools.unmount();
}
