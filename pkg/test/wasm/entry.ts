// The main entry on the built wasm of pkg/dist, for what takes it by its name.
import type { Client } from '../../src/client.js';
import { ClientImpl } from '../../src/live-client.js';
import type { ClientOptions } from '../../src/options.js';
import type { Schema } from '../../src/schema.js';
import { links } from '../support/entry.js';
import { start } from './support.js';

export * from '../support/entry.js';

export const createClient = <S extends Schema>(options: ClientOptions<S>): Client<S> =>
  new ClientImpl<S>(options, start, links);
