// @vitest-environment happy-dom
import { act } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RoomPeers } from '../src/peers/room-peers.js';
import * as hooks from '../src/react.js';
import { fakeClient, schema } from './support/client.js';
import { settle, setupDom } from './support/dom.js';
import { FakeDevices, FakeTrack } from './support/fake-media.js';
import { FakePeersWorld } from './support/fake-peers.js';

type S = typeof schema;
const { mount, unmount } = setupDom();
let world = new FakePeersWorld();

// In the place of the wasm, which these tests do not have: the part's own code runs.
vi.mock('../src/entry/peers.js', () => ({
  peersOf: (host: ConstructorParameters<typeof RoomPeers>[0]) =>
    new RoomPeers(host, {}, world.engine(), world.openSocket),
}));

beforeEach(() => {
  world = new FakePeersWorld();
});
afterEach(() => {
  vi.unstubAllGlobals();
  Reflect.deleteProperty(navigator, 'mediaDevices');
});

function Room({ children }: { readonly children: React.ReactNode }) {
  const { client } = fake;
  return (
    <hooks.SyncProvider client={client}>
      <hooks.RoomProvider<S> id="demo" peers>
        {children}
      </hooks.RoomProvider>
    </hooks.SyncProvider>
  );
}

let fake = fakeClient({ schema });
beforeEach(() => {
  fake = fakeClient({ schema });
});

/** Mounts in a room whose mesh is joined. */
async function inRoom(node: React.ReactNode): Promise<HTMLElement> {
  const container = await mount(<Room>{node}</Room>);
  await act(() => world.joined());
  await settle();
  return container;
}

const meets = (peer: number, state: string) =>
  act(async () =>
    world.core.tell({
      type: 'peer',
      peer,
      instance: `i${peer}`,
      user: null,
      limit: null,
      state,
      path: 'direct',
      reason: null,
    } as never),
  );

function Everybody() {
  const peers = hooks.usePeers();
  const second = hooks.usePeer(2);
  const quality = hooks.useConnectionQuality(1);
  return <>{`${peers.map(({ id, state }) => `${id} ${state}`).join(', ')}; ${second?.state ?? 'none'}; ${quality}`}</>;
}

test('peers, one of them, and how its link does are rendered, with one mesh in StrictMode', async () => {
  const container = await inRoom(<Everybody />);
  expect(container.textContent).toBe('; none; null');
  await meets(1, 'up');
  await meets(2, 'connecting');
  expect(container.textContent).toBe('1 up, 2 connecting; connecting; null');
  await meets(1, 'suspect');
  expect(container.textContent).toBe('1 suspect, 2 connecting; connecting; lost');
  await meets(2, 'gone');
  expect(container.textContent).toBe('1 suspect; none; lost');
  expect(world.of('join').length).toBe(1);
  await unmount();
});

function Studio() {
  const { camera, mic, publish, toggle } = hooks.useLocalMedia();
  const screen = hooks.useScreenShare();
  const { cameras } = hooks.useDevices();
  const tracks = hooks.useRemoteTracks(1);
  const own = `${camera ? 'camera' : ''} ${mic?.muted ? 'muted' : ''} ${screen.track ? 'screen' : ''}`;
  return (
    <>
      <p>{`${own}; ${cameras.length} cameras; ${tracks.map(({ slot, muted }) => `${slot} ${muted}`).join()}`}</p>
      <button type="button" onClick={() => void publish({ camera: true, mic: true })} />
      <button type="button" onClick={() => void toggle('mic')} />
      <button type="button" onClick={() => void (screen.track ? screen.stop() : screen.start())} />
    </>
  );
}

test('own media, screens, devices and tracks of a peer are rendered and changed', async () => {
  const devices = new FakeDevices();
  Object.defineProperty(navigator, 'mediaDevices', { value: devices, configurable: true });
  const container = await inRoom(<Studio />);
  const [publish, toggle, share] = [...container.querySelectorAll('button')];
  const text = () => container.querySelector('p')?.textContent;
  const click = async (button?: HTMLButtonElement) => {
    await act(async () => button?.click());
    await settle();
  };
  expect(text()).toBe('  ; 2 cameras; ');
  await click(publish);
  expect(text()).toBe('camera  ; 2 cameras; ');
  await click(toggle);
  await click(share);
  expect(text()).toBe('camera muted screen; 2 cameras; ');
  await click(toggle);
  await click(share);
  expect(text()).toBe('camera  ; 2 cameras; ');
  await meets(1, 'up');
  world.tracks.set('1 camera', new FakeTrack('video', 'remote').real);
  const state = new Uint8Array([2, ...new TextEncoder().encode('{"client":9,"media":{"camera":{"muted":true}}}')]);
  await act(async () => world.core.tell({ type: 'frame', peer: 1, channel: 'msg', attachments: [state.buffer] }));
  expect(text()).toBe('camera  ; 2 cameras; camera true');
  await unmount();
});

function Files() {
  const { transfers, offers, sendFile } = hooks.useFileTransfers();
  return (
    <>
      <p>{`${transfers.map(({ name, status }) => `${name} ${status}`).join()}; ${offers.length} offers`}</p>
      <button type="button" onClick={() => void sendFile(new Blob(['x']), { name: 'own' })} />
      <button type="button" onClick={() => offers[0]?.reject()} />
    </>
  );
}

test('files on their way are rendered, sent and refused', async () => {
  const container = await inRoom(<Files />);
  const [send, refuse] = [...container.querySelectorAll('button')];
  await meets(1, 'up');
  await act(async () => send?.click());
  const offer = {
    transfer: 7,
    peer: 1,
    direction: 'in',
    name: 'theirs',
    size: 1,
    mime: '',
    transferred: 0,
    reason: null,
  };
  await act(async () => world.core.tell({ type: 'file', ...offer, status: 'offered' } as never));
  expect(container.querySelector('p')?.textContent).toBe('own offered,theirs offered; 1 offers');
  await act(async () => refuse?.click());
  expect(container.querySelector('p')?.textContent).toBe('own offered,theirs rejected; 0 offers');
  expect(world.of('cancelFile')).toEqual(['cancelFile(7)']);
});

test('on a server nobody is there and nothing is loaded', () => {
  const html = renderToString(
    <Room>
      <Everybody />
      <Studio />
      <Files />
    </Room>,
  );
  expect(html.replaceAll(/<[^>]*>/g, '|')).toBe('; none; null|  ; 0 cameras; ||||||||; 0 offers|||||');
  expect([world.cores.length, fake.world.cores.length]).toEqual([0, 0]);
});

test('a room without peers shows nobody, and refuses what needs them', async () => {
  const { client } = fake;
  const { room } = client.enterRoom('alone');
  await room.ready;
  const refused = { code: 'E_UNSUPPORTED' };
  await expect(room.send('a', 1)).rejects.toMatchObject(refused);
  await expect(room.sendFile(new Blob(['x']))).rejects.toMatchObject(refused);
  await expect(room.media.publish({ mic: true })).rejects.toMatchObject(refused);
  room.onData('a', () => {})();
  room.media.on('ended', () => {})();
  expect([room.peers.getSnapshot(), room.files.getSnapshot(), room.media.remote.getSnapshot()]).toEqual([[], [], []]);
  expect(world.cores.length).toBe(0);
  await client.close();
});
