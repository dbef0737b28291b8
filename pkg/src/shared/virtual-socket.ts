import { closeEvent } from './events.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Where what a virtual socket says goes. */
export interface SocketPort<Data extends Bytes | string = Bytes> {
  /** Bytes that the browser has not sent yet; 0 where that is another tab's business. */
  readonly bufferedAmount: number;
  send(socket: VirtualSocket<Data>, data: Data): void;
  close(socket: VirtualSocket<Data>, code: number, reason: string): void;
}

/**
 * One end of a socket that lives in another tab, or in this one for several: what `src/web/web_socket.rs` uses of a
 * `WebSocket`, and the event `relay` for what another tab said.
 */
export class VirtualSocket<Data extends Bytes | string = Bytes> {
  /** Not a parent class: there are places without `EventTarget` where this is imported and never made. */
  readonly #events = new EventTarget();
  readonly id: string;
  readonly url: string;
  readonly protocols: readonly string[];
  binaryType: BinaryType = 'arraybuffer';
  protocol = '';
  readonly #port: SocketPort<Data>;
  #closed = false;

  constructor(port: SocketPort<Data>, id: string, url: string, protocols: readonly string[]) {
    this.#port = port;
    this.id = id;
    this.url = url;
    this.protocols = protocols;
  }

  get bufferedAmount(): number {
    return this.#port.bufferedAmount;
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

  send(data: Data): void {
    // A view of memory that is used again.
    if (!this.#closed) this.#port.send(this, data.slice() as Data);
  }

  close(code = 1000, reason = ''): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close(this, code, reason);
  }

  /** The real socket is open. */
  open(protocol: string): void {
    if (this.#closed) return;
    this.protocol = protocol;
    this.dispatchEvent(new Event('open'));
  }

  /** The server (`message`) or another tab (`relay`) said something. */
  receive(type: 'message' | 'relay', said: Data): void {
    if (this.#closed) return;
    const data = typeof said === 'string' ? said : said.slice().buffer;
    this.dispatchEvent(new MessageEvent(type, { data }));
  }

  /** It is over, not by us. */
  end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.dispatchEvent(closeEvent(code, reason, clean));
  }
}
