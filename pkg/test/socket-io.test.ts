import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { VirtualSocket } from '../src/shared/virtual-socket.js';
import { EngineConnection, type EngineSocket } from '../src/socket-io/connection.js';
import { engineUrl, sharedPlace } from '../src/socket-io/options.js';

const OPENING = '0{"sid":"e","pingInterval":25000,"pingTimeout":20000}';
type Wire = string | Uint8Array<ArrayBuffer>;

/** The network's end of the connection, played by the test. */
class Network extends EventTarget {
  readonly sent: Wire[] = [];
  readonly closed: number[] = [];
  readonly bufferedAmount = 7;
  binaryType: BinaryType = 'blob';
  send(data: Wire): void {
    this.sent.push(data);
  }
  close(code = 1000): void {
    this.closed.push(code);
  }
  say(...messages: Wire[]): void {
    for (const message of messages) {
      const data = typeof message === 'string' ? message : message.slice().buffer;
      this.dispatchEvent(new MessageEvent('message', { data }));
    }
  }
  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: 'r', wasClean: true }));
  }
}

let network: Network;
let opened: number;
let ended: number;
let connection: EngineConnection;

beforeEach(() => {
  network = new Network();
  opened = 0;
  ended = 0;
  const host = { onOpening: () => opened++, onEnd: () => ended++ };
  connection = new EngineConnection(network as unknown as EngineSocket, host);
});

/** A session's socket, and what it heard. */
function seat(namespace: string) {
  const socket = connection.seat(namespace) as VirtualSocket<Wire>;
  const heard: (string | number | number[])[] = [];
  socket.addEventListener('open', () => heard.push('open'));
  socket.addEventListener('close', (event) => heard.push((event as CloseEvent).code));
  socket.addEventListener('message', (event) => {
    const { data } = event as MessageEvent<string | ArrayBuffer>;
    heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
  });
  return { socket, heard };
}

/** Two sessions that have joined, with nothing heard or sent since. */
function joined() {
  const [main, admin] = [seat('/'), seat('/admin')];
  network.dispatchEvent(new Event('open'));
  network.say(OPENING);
  main.socket.send('40');
  admin.socket.send('40/admin,{"token":"t"}');
  network.say('40{"sid":"a"}', '40/admin,{"sid":"b"}');
  for (const list of [main.heard, admin.heard, network.sent]) list.length = 0;
  return { main, admin };
}

describe('one connection of several namespaces', () => {
  it('lets each join with words of its own, and hear what is for it alone', () => {
    const [main, admin] = [seat('/'), seat('/admin')];
    network.dispatchEvent(new Event('open'));
    network.say(OPENING);
    main.socket.send('40');
    admin.socket.send('40/admin,{"token":"t"}');
    network.say('40/admin,{"sid":"b"}', '40{"sid":"a"}', '42/admin,["x"]', '42["y"]', '43/admin,1[]');
    expect(network.sent).toEqual(['40', '40/admin,{"token":"t"}']);
    expect(main.heard).toEqual(['open', OPENING, '40{"sid":"a"}', '42["y"]']);
    expect(admin.heard).toEqual(['open', OPENING, '40/admin,{"sid":"b"}', '42/admin,["x"]', '43/admin,1[]']);
    expect([admin.socket.bufferedAmount, opened]).toEqual([7, 1]);
  });

  it('tells who comes later that it is open and what the server said first, not before it is looked for', async () => {
    joined();
    const late = seat('/late');
    expect(late.heard).toEqual([]);
    await vi.waitFor(() => expect(late.heard).toEqual(['open', OPENING]));
  });

  it('gives bytes to whom they were announced, and those that nobody announced to all', () => {
    const { main, admin } = joined();
    network.say('452-/admin,["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    network.say(Uint8Array.of(1), '2', Uint8Array.of(2));
    expect(admin.heard.slice(1)).toEqual([[1], '2', [2]]);
    expect(main.heard).toEqual(['2']);
    network.say(Uint8Array.of(3));
    expect([main.heard.at(-1), admin.heard.at(-1)]).toEqual([[3], [3]]);
  });

  it('lets whose bytes do not come hear what came instead', () => {
    const { main, admin } = joined();
    network.say('451-/admin,["b",{"_placeholder":true,"num":0}]', '42["other"]');
    expect(admin.heard.at(-1)).toBe('42["other"]');
    expect(main.heard).toEqual(['42["other"]']);
  });

  it('answers each ping once', () => {
    const { main, admin } = joined();
    network.say('2');
    main.socket.send('3');
    admin.socket.send('3');
    expect(network.sent).toEqual(['3']);
    network.say('2');
    admin.socket.send('3');
    expect(network.sent).toEqual(['3', '3']);
  });

  it('stays while one is left, says goodbye for who did not, and ends with the last', () => {
    const { main, admin } = joined();
    admin.socket.close(1000);
    expect(network.sent).toEqual(['41/admin,']);
    expect([network.closed, ended]).toEqual([[], 0]);
    main.socket.send('41');
    main.socket.close(1000);
    expect(network.sent).toEqual(['41/admin,', '41']);
    expect([network.closed, ended]).toEqual([[1000], 1]);
  });

  it('takes what is said late to a namespace that was left for nobody, with its bytes', () => {
    const { main, admin } = joined();
    admin.socket.close(1000);
    network.say('451-/admin,["b",{"_placeholder":true,"num":0}]', Uint8Array.of(1), '42/admin,["late"]');
    expect(main.heard).toEqual([]);
    network.say('42/never,["x"]');
    expect(main.heard).toEqual(['42/never,["x"]']);
  });

  it('leaves a namespace only once it was joined: the server would end the connection', () => {
    joined();
    const hasty = seat('/hasty');
    hasty.socket.send('40/hasty,');
    network.sent.length = 0;
    hasty.socket.close(1000);
    expect(network.sent).toEqual([]);
    expect(connection.admits('/hasty')).toBe(false);
    network.say('40/hasty,{"sid":"h"}');
    expect(network.sent).toEqual(['41/hasty,']);
  });

  it('takes one of each namespace, again after a refusal or an end by the server, and not after one of ours', () => {
    const { main, admin } = joined();
    expect([connection.admits('/'), connection.admits('/other')]).toEqual([false, true]);
    network.say('44/admin,{"message":"no"}');
    admin.socket.close(1000);
    expect([network.sent, connection.admits('/admin')]).toEqual([[], true]);
    const again = seat('/admin');
    again.socket.send('40/admin,');
    network.say('40/admin,{"sid":"c"}', '41/admin,');
    again.socket.close(1000);
    expect(connection.admits('/admin')).toBe(true);
    seat('/x');
    main.socket.send('41');
    main.socket.close(1000);
    expect(connection.admits('/')).toBe(false);
  });

  it('takes nobody new once somebody gave it up', () => {
    const { admin } = joined();
    admin.socket.close(4000);
    expect(connection.admits('/other')).toBe(false);
  });

  it('that is lost is lost to all', () => {
    const { main, admin } = joined();
    network.end(1001);
    expect([main.heard, admin.heard, ended]).toEqual([[1001], [1001], 1]);
  });

  it('that ends because of a message too large tells only whose it was', () => {
    const { main, admin } = joined();
    main.socket.send('42["small"]');
    admin.socket.send(`42/admin,["${'x'.repeat(100)}"]`);
    main.socket.send(new Uint8Array(90));
    network.end(1009);
    expect([main.heard, admin.heard]).toEqual([[1006], [1009]]);
  });
});

describe('the URL of a connection', () => {
  it('names the namespace behind what the server is told, where the connection may be shared', () => {
    const url = engineUrl('https://a.example/?x=1', {}, '/a#b');
    expect(sharedPlace(url)).toEqual({
      url: 'wss://a.example/socket.io/?x=1&EIO=4&transport=websocket',
      namespace: '/a#b',
    });
    const own = engineUrl('https://a.example', { multiplex: false }, '/a');
    expect([own, sharedPlace(own)]).toEqual(['wss://a.example/socket.io/?EIO=4&transport=websocket', null]);
  });
});
