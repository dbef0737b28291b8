/**
 * Runs in a page: keeps the connections that it makes, and what it hands to their data channels and to its sockets; of files how many bytes,
 * of the document when it was last.
 */
export function watchChannels() {
  const { RTCPeerConnection: Real, RTCDataChannel, WebSocket } = window;
  window.connections = [];
  window.fileBytes = 0;
  window.lastSync = 0;
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
      if (this.label === 'file') window.fileBytes += bytes.byteLength;
      if (bytes.byteLength < 4_000) sent.push(new TextDecoder('latin1').decode(bytes));
      send.call(this, bytes);
    };
    return (letters) => sent.filter((text) => text.includes(letters)).length;
  };
  window.sendsOf = watch(RTCDataChannel);
  window.uploadsOf = watch(WebSocket);
}
