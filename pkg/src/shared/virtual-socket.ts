import { closeEvent } from './events.js';

/** Where what a virtual socket says goes. */
export interface SocketPort {
  send(socket: VirtualSocket, bytes: Uint8Array<ArrayBuffer>): void;
  close(socket: VirtualSocket, code: number, reason: string): void;
}

/**
 * One end of a socket that lives in another tab, or in this one for all: what `src/web/web_socket.rs` uses of a
 * `WebSocket`, and the event `relay` for what another tab said.
 */
export class VirtualSocket {
  /** Not a parent class: there are places without `EventTarget` where this is imported and never made. */
  readonly #events = new EventTarget();
  readonly id: string;
  readonly url: string;
  readonly protocols: readonly string[];
  binaryType: BinaryType = 'arraybuffer';
  protocol = '';
  /** The browser's own buffer is in another tab. */
  readonly bufferedAmount = 0;
  readonly #port: SocketPort;
  #closed = false;

  constructor(port: SocketPort, id: string, url: string, protocols: readonly string[]) {
    this.#port = port;
    this.id = id;
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.#events.addEventListener(...args);
  }

  removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.#events.removeEventListener(...args);
  }

  dispatchEvent(event: Event): boolean {
    return this.#events.dispatchEvent(event);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    // A view of memory that is used again.
    if (!this.#closed) this.#port.send(this, data.slice());
  }

  close(code = 1000, reason = ''): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close(this, code, reason);
  }

  /** The leader's socket is open. */
  open(protocol: string): void {
    if (this.#closed) return;
    this.protocol = protocol;
    this.dispatchEvent(new Event('open'));
  }

  /** The server (`message`) or another tab (`relay`) said something. */
  receive(type: 'message' | 'relay', bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#closed) this.dispatchEvent(new MessageEvent(type, { data: bytes.slice().buffer }));
  }

  /** It is over, not by us. */
  end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.dispatchEvent(closeEvent(code, reason, clean));
  }
}
