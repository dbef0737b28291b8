import { createClient } from 'rejoin';
import { schema } from './schema';

const server: string = import.meta.env.VITE_SERVER ?? location.origin;

/** The server's HTTP side, for the buttons that misbehave on purpose. */
export const serverOrigin = new URL(server, location.href).origin.replace(/^ws/, 'http');

/** The one client of this page. It is less patient than usual, so that the panel has something to show. */
export const client = createClient({ url: server, schema, heartbeat: 5_000, pongTimeout: 3_000 });
