import { type ReactElement, useEffect, useState } from 'react';
import { RoomProvider, SyncProvider } from 'rejoin/react';
import { client } from './client';
import { logClient } from './log';
import { Boundary } from './page/boundary';
import { Page } from './page/page';
import { loadPerson } from './person';
import { useRoomName } from './room-name';

/** The demo: one room, named by the address. */
export function App(): ReactElement {
  const room = useRoomName();
  const [person] = useState(loadPerson);
  useEffect(logClient, []);
  return (
    <SyncProvider client={client}>
      <Boundary key={room}>
        <RoomProvider
          id={room}
          peers={{ autoConnect: false }}
          versions="shared"
          initialPresence={{ user: person, caret: null, pointer: null, held: null }}
        >
          <Page room={room} person={person} />
        </RoomProvider>
      </Boundary>
    </SyncProvider>
  );
}
