import { afterEach, expect, test, vi } from 'vitest';
import { Deferred } from '../src/deferred.js';
import { MediaImpl } from '../src/peers/media.js';
import { Roster } from '../src/peers/roster.js';
import { turn } from './support/client.js';
import { FakeElement, FakeTrack, fakeDevices } from './support/fake-media.js';

afterEach(() => vi.unstubAllGlobals());

/** Media of an entered room that writes down what goes to the peers. */
function setup(maxMediaPeers?: number) {
  const devices = fakeDevices();
  const roster = new Roster((fn) => fn());
  const sent: string[] = [];
  const errors: unknown[] = [];
  const heard: unknown[] = [];
  const told: unknown[] = [];
  const tracks = new Map<string, FakeTrack>();
  const host = {
    id: 'demo',
    roster,
    notify: (fn: () => void) => fn(),
    maxMediaPeers,
    trackOf: (peer: number, slot: string) => tracks.get(`${peer} ${slot}`)?.real ?? null,
    isEntered: true,
    replace: (slot: string, track: MediaStreamTrack | null) =>
      sent.push(`${slot} ${(track as unknown as FakeTrack)?.deviceId ?? null}`),
    onChange: () => told.push(media.told),
    report: (error: unknown) => errors.push((error as { code?: string }).code),
  };
  const media: MediaImpl = new MediaImpl(host);
  media.on('ended', (event) => heard.push(['ended', event.slot]));
  media.on('fallback', (event) => heard.push(['fallback', event.slot, event.deviceId]));
  const local = () => media.local.getSnapshot();
  const meet = (...ids: number[]) => {
    for (const peer of ids) {
      roster.handle({
        mesh: 0,
        type: 'peer',
        peer,
        instance: `i${peer}`,
        user: null,
        limit: null,
        state: 'up',
        path: null,
        reason: null,
      });
      media.handlePeers();
    }
  };
  /** A track of a peer comes. */
  const comes = (peer: number, slot: 'camera' | 'mic', track: FakeTrack) => {
    tracks.set(`${peer} ${slot}`, track);
    media.handleTrack(peer, slot);
  };
  return { comes, devices, media, host, sent, errors, heard, told, local, meet };
}

test('camera and microphone are asked for once, sent to all, and told to them', async () => {
  const { devices, media, sent, told, local } = setup();
  await media.publish({ camera: { width: 640 }, mic: true });
  expect(devices.asked).toEqual([{ video: { width: 640 }, audio: {} }]);
  expect(sent).toEqual(['camera cam-1', 'mic mic-1']);
  expect(told.at(-1)).toEqual({ camera: { muted: false }, mic: { muted: false } });
  expect(local().camera).toMatchObject({ deviceId: 'cam-1', muted: false, fromApp: false });
  const { mic } = local();
  await media.publish({ camera: false });
  expect(local().camera).toBeNull();
  expect(local().mic).toBe(mic);
  expect(devices.live().map(({ kind }) => kind)).toEqual(['audio']);
});

test('a muted camera is off and opened again, a muted microphone goes on unheard', async () => {
  const { devices, media, sent, told, local } = setup();
  await media.publish({ camera: true, mic: true });
  sent.length = 0;
  await media.mute('camera');
  await media.mute('mic');
  await media.mute('mic');
  expect(sent).toEqual(['camera null']);
  expect(devices.live().map(({ kind, enabled }) => [kind, enabled])).toEqual([['audio', false]]);
  expect(local()).toMatchObject({ camera: { track: null, muted: true, deviceId: 'cam-1' }, mic: { muted: true } });
  expect(told.at(-1)).toEqual({ camera: { muted: true }, mic: { muted: true } });
  await media.unmute('camera');
  await media.unmute('mic');
  expect(sent).toEqual(['camera null', 'camera cam-1']);
  expect(devices.live().map(({ kind, enabled }) => [kind, enabled])).toEqual([
    ['audio', true],
    ['video', true],
  ]);
  await expect(media.mute('screen')).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
});

test('a track of the app’s own is sent, muted and taken back, and never stopped or changed', async () => {
  const { devices, media, sent, local } = setup();
  const track = new FakeTrack('audio', 'own');
  await media.publish({ mic: track.real, camera: new FakeTrack('video', 'canvas').real });
  expect(local().mic).toMatchObject({ fromApp: true, deviceId: null });
  await media.mute('mic');
  await media.unmute('mic');
  await media.publish({ mic: true });
  await media.publish({ mic: track.real });
  await media.unpublish();
  expect(sent).toEqual([
    'camera canvas',
    'mic own',
    'mic null',
    'mic own',
    'mic mic-1',
    'mic own',
    'camera null',
    'mic null',
  ]);
  expect([track.readyState, track.enabled]).toEqual(['live', true]);
  expect(devices.live()).toEqual([]);
  track.stop();
  await expect(media.publish({ mic: track.real })).rejects.toMatchObject({ code: 'E_MEDIA' });
});

test('what the browser refuses is E_MEDIA with its reason, and changes nothing', async () => {
  const { devices, media, sent, local } = setup();
  await media.publish({ mic: true });
  const before = local();
  devices.refusal = 'NotAllowedError';
  await expect(media.publish({ camera: true, mic: false })).rejects.toMatchObject({
    code: 'E_MEDIA',
    retryable: false,
  });
  devices.refusal = 'NotReadableError';
  await expect(media.publish({ screen: true, camera: true })).rejects.toMatchObject({
    code: 'E_MEDIA',
    retryable: true,
  });
  expect(local()).toBe(before);
  expect(sent).toEqual(['mic mic-1']);
  expect(devices.live().length).toBe(1);
});

test('another device takes over without a gap, and is opened from then on', async () => {
  const { devices, media, sent, local } = setup();
  await media.setDevice('camera', 'cam-2');
  await media.publish({ camera: true });
  expect(sent).toEqual(['camera cam-2']);
  await media.setDevice('camera', 'cam-1');
  expect(sent).toEqual(['camera cam-2', 'camera cam-1']);
  expect(devices.live().map(({ deviceId }) => deviceId)).toEqual(['cam-1']);
  await media.mute('camera');
  await media.setDevice('camera', 'cam-2');
  await media.unmute('camera');
  expect(local().camera?.deviceId).toBe('cam-2');
  await expect(media.setDevice('camera', 'cam-9')).rejects.toMatchObject({ code: 'E_MEDIA' });
  expect(local().camera?.deviceId).toBe('cam-2');
});

test('when a device is pulled out the default one takes over, and where there is none the slot ends, both told', async () => {
  const { devices, media, heard, local } = setup();
  await media.publish({ camera: { deviceId: { exact: 'cam-2' } }, mic: true });
  devices.cameras = ['cam-1'];
  devices.opened.find(({ deviceId }) => deviceId === 'cam-2')?.unplug();
  await turn();
  expect(heard).toEqual([['fallback', 'camera', 'cam-1']]);
  devices.mics = [];
  devices.opened.find(({ kind }) => kind === 'audio')?.unplug();
  await turn();
  expect(heard.slice(1)).toEqual([['ended', 'mic']]);
  expect(local()).toMatchObject({ mic: null, camera: { deviceId: 'cam-1' } });
});

test('a camera that is gone while it is muted is replaced by the default one when it is shown again', async () => {
  const { devices, media, heard, local } = setup();
  await media.publish({ camera: { deviceId: { exact: 'cam-2' } } });
  await media.mute('camera');
  devices.cameras = ['cam-1'];
  await media.unmute('camera');
  expect(heard).toEqual([['fallback', 'camera', 'cam-1']]);
  expect(local().camera).toMatchObject({ deviceId: 'cam-1', muted: false });
});

test('a device that was chosen and is gone makes room for the default one, which is told', async () => {
  const { devices, media, heard, local } = setup();
  devices.mics = ['mic-1', 'mic-2'];
  await media.setDevice('camera', 'cam-2');
  await media.setDevice('mic', 'mic-2');
  devices.cameras = ['cam-1'];
  await media.publish({ camera: { width: 640 }, mic: true });
  expect(local()).toMatchObject({ camera: { deviceId: 'cam-1' }, mic: { deviceId: 'mic-2' } });
  expect(devices.asked.at(-1)).toEqual({ video: { width: 640 }, audio: { deviceId: { exact: 'mic-2' } } });
  expect(heard).toEqual([['fallback', 'camera', 'cam-1']]);
  await media.unpublish();
  await media.publish({ camera: true });
  expect(devices.asked.slice(2)).toEqual([{ video: {} }]);
  expect(heard.length).toBe(1);
});

test('a device that the app names in the call is opened or refused, whatever was chosen before', async () => {
  const { devices, media, heard } = setup();
  await media.setDevice('camera', 'cam-2');
  devices.cameras = ['cam-1'];
  const gone = media.publish({ camera: { deviceId: { exact: 'cam-2' } } });
  await expect(gone).rejects.toMatchObject({ code: 'E_MEDIA', cause: { name: 'OverconstrainedError' } });
  devices.refusal = 'NotAllowedError';
  await expect(media.publish({ camera: true })).rejects.toMatchObject({ cause: { name: 'NotAllowedError' } });
  expect([devices.asked.length, heard]).toEqual([2, []]);
});

test('a screen that the user stops sharing is taken back, and told', async () => {
  const { devices, media, sent, heard, local } = setup();
  await media.publish({ screen: { video: { displaySurface: 'browser' } } as DisplayMediaStreamOptions });
  expect(devices.asked).toEqual([{ video: { displaySurface: 'browser' }, audio: false }]);
  devices.opened[0]?.unplug();
  await turn();
  expect([sent, heard, local().screen]).toEqual([['screen screen', 'screen null'], [['ended', 'screen']], null]);
});

test('a room with too many peers refuses media, and tells once if it grows too large', async () => {
  const { media, errors, meet } = setup(2);
  meet(1, 2);
  await media.publish({ mic: true });
  meet(3, 4);
  expect(errors).toEqual(['E_NEEDS_SFU']);
  await expect(media.publish({ camera: true })).rejects.toMatchObject({ code: 'E_NEEDS_SFU' });
  await media.publish({ mic: false });
});

test('leaving stops what was opened, also what is being opened in that moment', async () => {
  const { devices, media, host, local } = setup();
  await media.publish({ camera: true });
  const gate = new Deferred();
  devices.gate = gate.promise;
  const late = media.publish({ mic: true });
  await turn();
  media.close();
  host.isEntered = false;
  gate.resolve();
  await expect(late).rejects.toMatchObject({ code: 'E_DISPOSED' });
  expect(devices.live()).toEqual([]);
  expect(local()).toEqual({ camera: null, mic: null, screen: null });
  await expect(media.publish({ mic: true })).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

test('leaving while a chosen camera is shown again opens neither that nor another one, whether it is there or gone', async () => {
  for (const cameras of [['cam-1', 'cam-2'], ['cam-1']]) {
    const { devices, media, heard } = setup();
    await media.publish({ camera: { deviceId: { exact: 'cam-2' } } });
    await media.mute('camera');
    const open = holdDevices(devices);
    const late = media.unmute('camera');
    await turn();
    media.close();
    devices.cameras = cameras;
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'E_DISPOSED' }), open()]);
    expect([devices.live(), devices.asked.length, heard]).toEqual([[], 2, []]);
  }
});

test('what was asked for before the room was left is not opened after it is entered again', async () => {
  const { devices, media, local } = setup();
  const open = holdDevices(devices);
  const [first, second] = [media.publish({ mic: true }), media.publish({ camera: true })];
  await turn();
  media.close();
  const left = [first, second].map((late) => expect(late).rejects.toMatchObject({ code: 'E_DISPOSED' }));
  await Promise.all([...left, open()]);
  expect([devices.live(), devices.asked.length, local().camera]).toEqual([[], 1, null]);
});

test('a user who refuses a chosen camera that is shown again is not asked for another one', async () => {
  const { devices, media } = setup();
  await media.publish({ camera: { deviceId: { exact: 'cam-2' } } });
  await media.mute('camera');
  devices.refusal = 'NotAllowedError';
  await expect(media.unmute('camera')).rejects.toMatchObject({ cause: { name: 'NotAllowedError' } });
  expect(devices.asked.length).toBe(2);
});

/** Opens what is asked for from now on only when it is called. */
function holdDevices(devices: ReturnType<typeof fakeDevices>): () => Promise<void> {
  const gate = new Deferred();
  devices.gate = gate.promise;
  return async () => {
    gate.resolve();
    await turn();
  };
}

test('what is muted or taken back is so at once, also while the user is asked for something else', async () => {
  const { devices, media, sent, told, local } = setup();
  await media.publish({ mic: true, screen: true });
  devices.gate = new Promise(() => {});
  void media.publish({ camera: true });
  await turn();
  void media.mute('mic');
  await media.unpublish('screen');
  expect(devices.live().map(({ kind, enabled }) => [kind, enabled])).toEqual([['audio', false]]);
  expect(local()).toMatchObject({ mic: { muted: true }, screen: null });
  expect([told.at(-1), sent.at(-1)]).toEqual([{ mic: { muted: true } }, 'screen null']);
  expect(await media.publish({ mic: false })).toMatchObject({ mic: null });
});

test('what is taken back while the user is asked for it is closed when it comes', async () => {
  const { devices, media, sent, local } = setup();
  const open = holdDevices(devices);
  const asked = media.publish({ camera: true, mic: true });
  await turn();
  await media.unpublish('camera');
  await open();
  expect(await asked).toMatchObject({ camera: null, mic: { muted: false } });
  expect([sent, devices.live().map(({ kind }) => kind)]).toEqual([['mic mic-1'], ['audio']]);
  await media.publish({ camera: true });
  expect(local().camera).toMatchObject({ deviceId: 'cam-1' });
});

test('what is muted while it is opened comes muted, until it is shown again', async () => {
  const { devices, media, local } = setup();
  const open = holdDevices(devices);
  void media.publish({ camera: true, mic: true });
  await turn();
  const muted = [media.mute('camera'), media.mute('mic')];
  await open();
  await Promise.all(muted);
  expect(local()).toMatchObject({ camera: { muted: true, track: null }, mic: { muted: true } });
  expect(devices.live().map(({ kind, enabled }) => [kind, enabled])).toEqual([['audio', false]]);
  await media.unmute('camera');
  await media.unmute('mic');
  expect(local()).toMatchObject({ camera: { muted: false }, mic: { muted: false } });
});

test('the last word counts, also where an earlier one waits: unmute, another device, a device that is gone', async () => {
  const { devices, media, heard, local } = setup();
  await media.publish({ camera: true, mic: true });
  await media.mute('mic');
  const open = holdDevices(devices);
  const waiting = [media.setDevice('camera', 'cam-2'), media.unmute('mic')];
  await turn();
  await media.mute('camera');
  await media.mute('mic');
  await open();
  await Promise.all(waiting);
  expect(local()).toMatchObject({ camera: { muted: true, track: null }, mic: { muted: true } });
  await media.unmute('camera');
  expect(local().camera?.deviceId).toBe('cam-2');
  const reopen = holdDevices(devices);
  devices.opened.at(-1)?.unplug();
  await turn();
  await media.unpublish();
  await reopen();
  expect([local(), devices.live(), heard]).toEqual([{ camera: null, mic: null, screen: null }, [], []]);
});

test('a new mesh is given what is published, as far as it is not muted', async () => {
  const { media, sent } = setup();
  await media.publish({ camera: true, mic: true, screen: true });
  await media.mute('camera');
  await media.mute('mic');
  await media.mute('screen');
  sent.length = 0;
  media.restore();
  expect(sent).toEqual(['mic mic-1']);
});

test('remote tracks are shown when their owner says so, and their elements follow a replaced track', async () => {
  const { comes, media } = setup();
  const [first, second] = [new FakeTrack('video', 'a'), new FakeTrack('video', 'b')];
  comes(1, 'camera', first);
  comes(1, 'mic', new FakeTrack('audio', 'm'));
  expect(media.remote.getSnapshot()).toEqual([]);
  media.handleState(1, { camera: { muted: false } });
  const [shown] = media.remote.getSnapshot();
  expect(shown).toMatchObject({ peer: 1, slot: 'camera', muted: false });
  const element = new FakeElement();
  shown?.attach(element.real);
  expect(element.shows).toBe(first);
  media.handleState(1, { camera: { muted: false } });
  expect(media.remote.getSnapshot()[0]).toBe(shown);
  comes(1, 'camera', second);
  expect(element.shows).toBe(second);
  expect(media.remote.getSnapshot()[0]?.attach).toBe(shown?.attach);
  media.handleState(1, { camera: { muted: true } });
  expect(media.remote.getSnapshot()).toMatchObject([{ slot: 'camera', muted: true }]);
  shown?.attach(null);
  expect(element.shows).toBeNull();
  media.forget(1);
  expect(media.remote.getSnapshot()).toEqual([]);
});

test('a browser that refuses to play is told, and plays when it is asked to in a click', async () => {
  const { comes, media } = setup();
  comes(1, 'mic', new FakeTrack('audio', 'm'));
  media.handleState(1, { mic: { muted: false } });
  const element = new FakeElement();
  element.allowed = false;
  media.remote.getSnapshot()[0]?.attach(element.real);
  await turn();
  expect(media.playbackBlocked.getSnapshot()).toBe(true);
  await media.resume();
  expect(media.playbackBlocked.getSnapshot()).toBe(true);
  element.allowed = true;
  await media.resume();
  expect([media.playbackBlocked.getSnapshot(), element.played]).toEqual([false, 1]);
});

test('a preview is silent, and speakers are chosen for what comes from others, also later', async () => {
  const { comes, media, local } = setup();
  await media.publish({ camera: true });
  const [preview, remote, later] = [new FakeElement(), new FakeElement(), new FakeElement()];
  local().camera?.attach(preview.real);
  comes(1, 'mic', new FakeTrack('audio', 'm'));
  media.handleState(1, { mic: { muted: false } });
  const [track] = media.remote.getSnapshot();
  track?.attach(remote.real);
  await media.setDevice('speaker', 'loud');
  track?.attach(later.real);
  expect([preview.muted, preview.sink, remote.muted, remote.sink, later.sink]).toEqual([
    true,
    '',
    false,
    'loud',
    'loud',
  ]);
  await media.mute('camera');
  expect(preview.shows).toBeNull();
});

test('of two elements with one track the one that left the page is let go', async () => {
  const { comes, media } = setup();
  comes(1, 'camera', new FakeTrack('video', 'a'));
  media.handleState(1, { camera: { muted: false } });
  const [track] = media.remote.getSnapshot();
  const [grid, large] = [new FakeElement(), new FakeElement()];
  track?.attach(grid.real);
  track?.attach(large.real);
  grid.isConnected = false;
  track?.attach(null);
  await turn();
  expect([grid.shows, large.shows?.deviceId]).toEqual([null, 'a']);
});

test('devices are listed while somebody wants to know, and hot plugging shows', async () => {
  const { devices, media } = setup();
  const seen: number[] = [];
  const stop = media.devices.subscribe(() => seen.push(media.devices.getSnapshot().cameras.length));
  await turn();
  devices.cameras = ['cam-1', 'cam-2', 'cam-3'];
  devices.dispatchEvent(new Event('devicechange'));
  await turn();
  devices.dispatchEvent(new Event('devicechange'));
  await turn();
  stop();
  devices.cameras = [];
  devices.dispatchEvent(new Event('devicechange'));
  await turn();
  expect(seen).toEqual([2, 3]);
});
