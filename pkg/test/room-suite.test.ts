import { fakeClient, schema } from './support/client.js';
import { describeRoom } from './support/room-suite.js';

describeRoom('a room on the double', () => fakeClient({ schema }).client);
