import { type Hocuspocus, type HocuspocusOptions, hocuspocus } from '../../src/hocuspocus.js';

type Bytes = readonly number[];

/** A string as lib0 writes it. */
export function text(words: string): number[] {
  const bytes = new TextEncoder().encode(words);
  return [bytes.length, ...bytes];
}

/** A frame about a document. */
export function frame(document: string, ...statement: number[]): number[] {
  return [...text(document), ...statement];
}

/** The browser's socket, with the server's side as verbs. */
export class FakeWebSocket extends EventTarget {
  static readonly all: FakeWebSocket[] = [];
  readonly url: string;
  readonly sent: number[][] = [];
  readonly bufferedAmount = 0;
  binaryType = 'blob';
  closedWith: number | null = null;

  constructor(url: string) {
    super();
    this.url = url;
    FakeWebSocket.all.push(this);
  }

  send(data: unknown): void {
    if (!(data instanceof Uint8Array)) throw new Error('a Hocuspocus server closes over a text');
    this.sent.push([...data]);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  opens(): void {
    this.dispatchEvent(new Event('open'));
  }

  hears(bytes: Bytes): void {
    this.dispatchEvent(new MessageEvent('message', { data: Uint8Array.from(bytes).buffer }));
  }

  dies(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '', wasClean: code !== 1006 }));
  }
}

/** What the core does with a socket. */
export class FakeCore {
  readonly socket: WebSocket;
  readonly events: string[] = [];
  readonly heard: number[][] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(dialect: Hocuspocus, url: string) {
    this.socket = new dialect['~Socket'](url, []) as WebSocket;
    this.socket.addEventListener('open', () => this.events.push('open'));
    this.socket.addEventListener('message', ({ data }) => this.heard.push([...new Uint8Array(data)]));
    this.socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
    });
  }

  say(bytes: Bytes): void {
    this.socket.send(Uint8Array.from(bytes));
  }
}

/** A dialect, rooms that use it, and the server's side of the first socket. */
export function world(options?: HocuspocusOptions): {
  readonly dialect: Hocuspocus;
  readonly core: (room: string, how?: { readonly showsToken: boolean }) => FakeCore;
  readonly open: () => FakeWebSocket;
} {
  FakeWebSocket.all.length = 0;
  const dialect = hocuspocus(options);
  return {
    dialect,
    core: (room, how) => new FakeCore(dialect, `ws://host/collab${how?.showsToken ? '?auth=message' : ''}#/${room}`),
    open: () => {
      const socket = FakeWebSocket.all[0] as FakeWebSocket;
      socket.opens();
      return socket;
    },
  };
}
