import { type Context, createContext, type ReactElement, type ReactNode, useContext, useEffect, useState } from 'react';
import type { Client } from '../client.js';
import type { EnterOptions, Room } from '../room.js';
import type { Registered, Schema } from '../schema.js';
import { handOver } from './mutations.js';
import { enterPrepared, isReplaced, prepareRoom } from './prepared.js';

export const ClientContext: Context<Client<Schema> | null> = createContext<Client<Schema> | null>(null);
const RoomContext = createContext<Room<Schema> | null>(null);

/** Props of {@link SyncProvider}. */
export interface SyncProviderProps<S extends Schema> {
  /** The client, made once outside of components. */
  readonly client: Client<S>;
  readonly children?: ReactNode;
}

/**
 * Gives the client to everything inside.
 * @example
 * const app = <SyncProvider client={client}>…</SyncProvider>;
 */
export function SyncProvider<S extends Schema>({ client, children }: SyncProviderProps<S>): ReactElement {
  return <ClientContext.Provider value={client as unknown as Client<Schema>}>{children}</ClientContext.Provider>;
}

/** Props of {@link RoomProvider}; options are read when the room is entered. */
export interface RoomProviderProps<S extends Schema> extends EnterOptions<S> {
  /** The room's name on the server. Another id is another room: what is inside mounts anew. */
  readonly id: string;
  readonly children?: ReactNode;
}

/**
 * Enters a room while it is mounted. Rendering has no effect; on a server nothing is loaded or connected.
 * @example
 * const page = (
 *   <RoomProvider id="demo" initialPresence={{ cursor: null }}>
 *     …
 *   </RoomProvider>
 * );
 */
export function RoomProvider<S extends Schema = Registered>(props: RoomProviderProps<S>): ReactElement {
  return <EnteredRoom key={props.id} {...props} />;
}

function EnteredRoom<S extends Schema>({ id, children, ...options }: RoomProviderProps<S>): ReactElement {
  const client = useClient();
  const [held, setHeld] = useState(() => ({ client, room: prepareRoom(client, id, options) }));
  // Another client, or another room of this id was entered while this was hidden: before anything renders with the old one.
  const isCurrent = held.client === client && !isReplaced(client, held.room);
  const current = isCurrent ? held : { client, room: prepareRoom(client, id, options) };
  if (current !== held) setHeld(current);
  const { room } = current;
  useEffect(() => {
    const lease = enterPrepared(client, room);
    // Somebody else entered the room between rendering and mounting: one id is one room.
    if (lease.room !== room) {
      handOver(room, lease.room);
      setHeld({ client, room: lease.room });
    }
    return () => lease.leave();
  }, [client, room]);
  return <RoomContext.Provider value={room as unknown as Room<Schema>}>{children}</RoomContext.Provider>;
}

/**
 * The client. Throws outside a {@link SyncProvider}.
 * @example
 * const client = useClient();
 * const retry = () => client.connect();
 */
export function useClient<S extends Schema = Registered>(): Client<S> {
  const client = useContext(ClientContext);
  if (!client) throw new Error('useClient needs a <SyncProvider client={…}> around the component');
  return client as unknown as Client<S>;
}

/**
 * The room. Throws outside a {@link RoomProvider}.
 * @example
 * const room = useRoom();
 * const clear = () => room.batch(() => room.root.set('title', ''));
 */
export function useRoom<S extends Schema = Registered>(): Room<S> {
  const room = useContext(RoomContext);
  if (!room) throw new Error('this hook needs a <RoomProvider id="…"> around the component');
  return room as unknown as Room<S>;
}
