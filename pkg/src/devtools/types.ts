import type { Client } from '../client.js';
import type { ErrorCode, SyncError } from '../errors.js';
import type { ConnectionReason } from '../room.js';
import type { Schema } from '../schema.js';
import type { Store } from '../store.js';

/** A client of any schema. */
export type DevtoolsClient = Pick<Client<Schema>, 'connection' | 'sync' | 'device' | 'on'>;

/** Where something besides rooms stands; times in milliseconds since 1970. */
export interface LinkState {
  readonly status: string;
  readonly attempt: number;
  readonly nextRetryAt: number | null;
  readonly reason: ConnectionReason | null;
  readonly error: SyncError | null;
  readonly rtt?: number | null;
}

/** A stream of events or text, a socket or a Socket.IO session. */
export interface DevtoolsLink {
  readonly state: Store<LinkState>;
}

/** Where the button and the panel are. */
export type Corner = 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';

/** `auto`: as the reader's system has it. */
export type Theme = 'auto' | 'light' | 'dark';

/** How the panel behaves. */
export interface DevtoolsOptions {
  /** Whether it is open at first; default: as it was before in this tab, else closed. */
  readonly open?: boolean | undefined;
  /** Default `bottom-right`. */
  readonly corner?: Corner | undefined;
  /** Default `auto`. */
  readonly theme?: Theme | undefined;
  /** Most events that are kept; default 200. Of errors it keeps 50. */
  readonly events?: number | undefined;
  /** Streams, sockets and sessions to show besides the rooms, by names of your own. */
  readonly links?: { readonly [name: string]: DevtoolsLink } | undefined;
  /** Gives the address of the page that explains a code; default: none, only its place in the package is named. */
  readonly docs?: ((code: ErrorCode) => string) | undefined;
  /** Where it is put; default: the body. */
  readonly container?: Element | undefined;
}
