// A stock client of y-webrtc, as an app would use it; the test bundles this and drives the page.
import { WebrtcProvider } from 'y-webrtc';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

/** Enters a room; with a `server` also over y-websocket, as apps do to have both. */
window.join = ({ room, signaling, password, server }) => {
  const doc = new Y.Doc();
  const peerOpts = { config: { iceServers: [] } };
  const provider = new WebrtcProvider(room, doc, { signaling, password, peerOpts });
  const { awareness } = provider;
  awareness.setLocalState({ name: 'stock' });
  if (server) new WebsocketProvider(server, room, doc, { disableBc: true });
  window.stock = { doc, provider, awareness, text: doc.getText('note') };
};
