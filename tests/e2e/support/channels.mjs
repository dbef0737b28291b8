/** Runs in a page: keeps the connections that it makes, and what it hands to their data channels and to its sockets. */
export function watchChannels() {
  const { RTCPeerConnection: Real, RTCDataChannel, WebSocket } = window;
  window.connections = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      // Weakly: they count until they are collected.
      window.connections.push(new WeakRef(this));
    }
  };
  const watch = ({ prototype }) => {
    const sent = [];
    const { send } = prototype;
    prototype.send = function (bytes) {
      if (this.label === 'sync') window.lastSync = performance.now();
      if (bytes.byteLength < 4_000) sent.push(new TextDecoder('latin1').decode(bytes));
      send.call(this, bytes);
    };
    return (letters) => sent.filter((text) => text.includes(letters)).length;
  };
  window.sendsOf = watch(RTCDataChannel);
  window.uploadsOf = watch(WebSocket);
}
