import type { Client, Room, Schema } from 'rejoin';
import type { Seat } from './seat.js';

/** What of a client is still on its way, in words. */
export function unsettled(client: Client<Schema>, seat: Seat): string[] {
  const rooms = [...seat.rooms].map((id) => client.getRoom(id)).filter((room) => room !== null);
  const connecting = rooms.flatMap((room) => {
    const why = waitsFor(room, seat.isCut);
    return why ? [`${room.id}: ${why}`] : [];
  });
  return [...seat.loading].map(({ id }) => `${id}: it is loading`).concat(connecting);
}

function waitsFor(room: Room<Schema>, isCut: boolean): string | null {
  const { status, local, pending } = room.sync.getSnapshot();
  const { status: connection } = room.connection.getSnapshot();
  if (local === 'saving') return 'an edit is being saved';
  if (isCut) return connection === 'connected' ? 'the cut is not noticed yet' : null;
  if (connection === 'connecting' || connection === 'reconnecting') return `it is ${connection}`;
  const isWaiting =
    connection === 'connected' && (status === 'synchronizing' || (status !== 'rejected' && pending > 0));
  return isWaiting ? `${pending} edits or messages are not on the server` : null;
}
