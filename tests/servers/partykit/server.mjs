// Documents of y-partykit, as in its README.
import { onConnect } from 'y-partykit';

export default {
  onConnect: (connection, room) => onConnect(connection, room),
};
