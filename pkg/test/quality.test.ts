import { afterEach, expect, test, vi } from 'vitest';
import { budget, judge, type LinkSample, limit, sampleOf } from '../src/peers/quality.js';
import { RoomPeers } from '../src/peers/room-peers.js';
import { FakePeersWorld, FakeRoomOfPeers } from './support/fake-peers.js';

afterEach(() => vi.useRealTimers());

const FINE: LinkSample = { rtt: 40, received: 1_000, lost: 0, freezes: 0, isSlow: false };

/** A connection with statistics, and senders that keep what they are set to. */
class FakeConnection {
  looks = 0;
  rtt = 0.04;
  readonly set: object[] = [];
  readonly #senders: readonly object[];

  constructor(...tracks: readonly (object | null)[]) {
    this.#senders = tracks.map((track) => {
      const encodings = [{}];
      return {
        track,
        getParameters: () => ({ encodings: structuredClone(encodings) }),
        setParameters: async (parameters: { readonly encodings: readonly object[] }) => {
          encodings.splice(0, 1, parameters.encodings[0] as object);
          this.set.push(parameters.encodings[0] as object);
        },
      };
    });
  }

  getSenders(): readonly object[] {
    return this.#senders;
  }

  async getStats(): Promise<ReadonlyMap<string, object>> {
    this.looks++;
    return statistics({ currentRoundTripTime: this.rtt });
  }

  get real(): RTCPeerConnection {
    return this as unknown as RTCPeerConnection;
  }
}

function statistics(pair: object, ...more: readonly object[]): Map<string, object> {
  const all = [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', ...pair },
    ...more,
  ];
  return new Map(all.map((stats, at) => [String(at), stats]));
}

test.each<[string, Partial<LinkSample>, string]>([
  ['nothing amiss', {}, 'good'],
  ['no round trip yet', { rtt: null }, 'good'],
  ['a long round trip', { rtt: 250 }, 'fair'],
  ['a very long one', { rtt: 600 }, 'poor'],
  ['one of fifty packets lost', { received: 1_980, lost: 20 }, 'fair'],
  ['one of ten', { received: 1_900, lost: 100 }, 'poor'],
  ['a picture that stood still', { freezes: 1 }, 'fair'],
  ['one that stands still all the time', { freezes: 3 }, 'poor'],
  ['a machine that is too slow', { isSlow: true }, 'fair'],
  ['counts that began anew', { received: 3, lost: -2 }, 'good'],
])('a link with %s is judged', (_, part, quality) => {
  expect(judge({ ...FINE, received: 1_000 }, { ...FINE, ...part })).toBe(quality);
});

test('what was lost long ago no longer counts', () => {
  const bad = { ...FINE, lost: 500, freezes: 9 };
  expect([judge(null, bad), judge(bad, bad)]).toEqual(['poor', 'good']);
});

test('statistics are summed over the streams, whichever browser wrote them', () => {
  const stream = { type: 'inbound-rtp', packetsReceived: 10, packetsLost: 1, freezeCount: 2 };
  const slow = { type: 'outbound-rtp', qualityLimitationReason: 'cpu' };
  const chromium = statistics({ currentRoundTripTime: 0.05 }, stream, { ...stream, freezeCount: undefined }, slow);
  expect(sampleOf(chromium)).toEqual({ rtt: 50, received: 20, lost: 2, freezes: 2, isSlow: true });
  const firefox = new Map([['a', { type: 'candidate-pair', selected: true, currentRoundTripTime: 0.1 }]]);
  expect(sampleOf(firefox)).toEqual({ rtt: 100, received: 0, lost: 0, freezes: 0, isSlow: false });
  expect(sampleOf(new Map()).rtt).toBeNull();
});

test('the uplink is shared by all peers, sound first, and never down to nothing', () => {
  expect([budget(2_000_000, 1), budget(2_000_000, 5), budget(100_000, 9)]).toEqual([1_960_000, 360_000, 60_000]);
});

test('pictures share what a link may send, a small share makes them small but for a screen, and nothing is set twice', async () => {
  const [camera, screen] = [{ kind: 'video' }, { kind: 'video' }];
  const connection = new FakeConnection({ kind: 'audio' }, camera, screen, null);
  await limit(connection.real, 400_000, screen as MediaStreamTrack);
  await limit(connection.real, 400_000, screen as MediaStreamTrack);
  expect(connection.set).toEqual([
    { maxBitrate: 200_000, scaleResolutionDownBy: 2 },
    { maxBitrate: 200_000, scaleResolutionDownBy: 1 },
  ]);
  await limit(connection.real, 900_000, screen as MediaStreamTrack);
  expect(connection.set[2]).toEqual({ maxBitrate: 450_000, scaleResolutionDownBy: 1 });
});

test('links are looked at while there are any, and what they can do is shown', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, { uplink: 1_000_000 }, world.engine(), world.openSocket);
  room.isReady = true;
  peers.enter();
  await world.joined();
  vi.useFakeTimers();
  const connection = new FakeConnection({ kind: 'video' });
  world.connections.set(1, connection.real);
  const tell = async (state: string) => {
    world.core.tell({
      type: 'peer',
      peer: 1,
      instance: 'i',
      user: null,
      limit: null,
      state,
      path: null,
      reason: null,
    } as never);
    await vi.advanceTimersByTimeAsync(1);
  };
  await tell('connecting');
  expect(connection.looks).toBe(0);
  await tell('up');
  expect(peers.list.getSnapshot()[0]).toMatchObject({ quality: 'good', rtt: 40 });
  expect(connection.set).toEqual([{ maxBitrate: 960_000, scaleResolutionDownBy: 1 }]);
  connection.rtt = 0.7;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(peers.list.getSnapshot()[0]).toMatchObject({ quality: 'poor', rtt: 700 });
  await tell('suspect');
  expect(peers.list.getSnapshot()[0]?.quality).toBe('lost');
  const { looks } = connection;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(connection.looks).toBe(looks);
  expect(vi.getTimerCount()).toBe(0);
});
