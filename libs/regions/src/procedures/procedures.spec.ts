import { describe, expect, it } from 'vitest';
import { nextStep } from './next-step.ts';
import {
  at,
  east,
  gone,
  inWords,
  ofEast,
  ofWest,
  present,
  segment,
  south,
  stepIn,
  viewOf,
  west,
  type Scene,
} from './procedures.fixture.ts';

/** Every row of the design's "Ownership, takeover, return", seen from west unless it says otherwise. */
type Row = [string, Scene, string];
const row = (name: string, scene: Scene, step: string): Row => [name, scene, step];
const rows = (list: readonly Row[]): void =>
  it.each([...list])('%s', (_, scene, step) => {
    expect(inWords(stepIn(scene))).toBe(step);
  });

const claimed: Scene = { status: { status: 'claimed', region: west, term: 2 }, term: 2, peer: gone };
const cutMade: Scene = { ...claimed, cuts: [[west, 2]] };
const bothWest = (mode: 'solo' | 'paired', base = 5) => ({
  [ofEast]: [segment(1, east, 0), segment(2, west, base, mode)],
  [ofWest]: [segment(1, west, 0), segment(2, west, base, mode)],
});
const solo: Scene = { status: { status: 'solo', region: west }, segments: bothWest('solo') };
const rejoining: Scene = { status: { status: 'rejoining', region: east }, segments: bothWest('solo') };

describe('detection', () => {
  rows([
    row('all is well', {}, 'rest'),
    row('the lease is gone and nothing comes', { peer: gone }, 'claim 2, over revision 7'),
    row('the lease is gone and receipts flow: etcd’s client starves', { peer: { ...gone, silentForMs: 999 } }, 'rest'),
    row('nothing settles, the lease is held: not at once', { peer: { ...present, silentForMs: 9_999, oldestUnsettledMs: 9_999 } }, 'rest'),
    row(
      'it beats, and nothing settles by its receipts: its mirror is dead',
      { peer: { ...present, silentForMs: 100, oldestUnsettledMs: 10_000 } },
      'claim 2, over revision 7',
    ),
    row(
      'receipts alone have stopped, and commits here wait',
      { peer: { ...present, silentForMs: 10_000, oldestUnsettledMs: 10_000 } },
      'claim 2, over revision 7',
    ),
    row('receipts alone have stopped, and nothing here waits', { peer: { ...present, silentForMs: 60_000 } }, 'rest'),
    row('own Kafka is silent: this region is the lost one', { peer: gone, self: { kafkaSilentForMs: 3_000 } }, 'rest'),
    row('a takeover goes before a handoff', { peer: gone, wishes: { evacuated: [west] } }, 'claim 2, over revision 7'),
  ]);

  it('without a majority of etcd nothing may change; a person who promotes is told what is missing', () => {
    const blind = { ...viewOf({ peer: gone }), stored: undefined };
    expect(inWords(nextStep(blind))).toBe('rest');
    expect(inWords(nextStep({ ...blind, wishes: { evacuated: [], promote: { overTerm: 1 } } }))).toBe('awaits a person');
  });
});

describe('takeover', () => {
  rows([
    row('its own claim is read: cut first', claimed, 'cut 2'),
    row('an older cut does not do', { ...claimed, cuts: [[west, 1]] }, 'cut 2'),
    row('cut: close what is its own', cutMade, 'close order.west.0 1'),
    row(
      'closed: one swap for every shard; bases are the highest receipt and the close',
      { ...cutMade, seen: { [ofEast]: { receiptedSeq: 8 }, [ofWest]: { log: at(12, 12), receiptedSeq: 9 } } },
      'swap 7: solo west; order.east.0 2 west 8 solo east; order.west.0 2 west 12 solo east',
    ),
    row(
      'no receipt of that very term: the segment’s own base',
      {
        ...cutMade,
        segments: { [ofEast]: [segment(1, east, 7)], [ofWest]: [segment(1, west, 0)] },
        seen: { [ofEast]: { receiptedSeq: undefined }, [ofWest]: { log: at(1, 1), receiptedSeq: 1 } },
      },
      'swap 7: solo west; order.east.0 2 west 7 solo east; order.west.0 2 west 1 solo east',
    ),
    row(
      'an own shard that cannot be read is waited for',
      { ...cutMade, statusForMs: 4_999, seen: { [ofWest]: { log: undefined } } },
      'rest',
    ),
    row(
      'but not for ever: it keeps its segment',
      { ...cutMade, statusForMs: 5_000, seen: { [ofWest]: { log: undefined } } },
      'swap 7: solo west; order.east.0 2 west 10 solo east',
    ),
    row('the other’s claim is left to it', { ...claimed, here: east, peer: present, statusForMs: 14_999 }, 'rest'),
    row(
      'or overruled, when it stands too long',
      { ...claimed, here: east, peer: present, statusForMs: 15_000 },
      'claim 3, over revision 7',
    ),
    row(
      'or left to it, when nothing settles by its receipts: both would overrule each other without end',
      { ...claimed, here: east, peer: { ...present, silentForMs: 60_000, oldestUnsettledMs: 60_000 }, statusForMs: 14_999 },
      'rest',
    ),
    row('or overruled, when its claimant is gone', { ...claimed, here: east, statusForMs: 100 }, 'claim 3, over revision 7'),
  ]);
});

describe('a log that has lost its tail, and receipts that prove it', () => {
  const lost = { [ofWest]: { log: at(5), receiptedSeq: 10 } };
  const closed = { [ofWest]: { log: at(5, 5), receiptedSeq: 10 } };
  const evacuating: Scene = { wishes: { evacuated: [west] }, self: { notServingForMs: 3_000 } };
  rows([
    row('nothing is closed to be handed over', { ...evacuating, seen: lost }, 'rest'),
    row('nothing is handed over from a close', { ...evacuating, seen: closed }, 'rest'),
    row('nothing goes on here from a close', { seen: closed }, 'rest'),
    row('a takeover does not close it', { ...cutMade, statusForMs: 4_999, seen: lost }, 'rest'),
    row(
      'and leaves it out, for its mirror holds more',
      { ...cutMade, statusForMs: 5_000, seen: lost },
      'swap 7: solo west; order.east.0 2 west 10 solo east',
    ),
    row(
      'nor takes it from a close',
      { ...cutMade, seen: closed, statusForMs: 5_000 },
      'swap 7: solo west; order.east.0 2 west 10 solo east',
    ),
    row('solo: not from a close', { ...solo, seen: { [ofEast]: { log: at(9, 9) } }, peer: gone }, 'rest'),
    row('rejoining: not paired from a close', { ...rejoining, seen: { [ofEast]: { log: at(9, 9) } } }, 'close order.west.0 2'),
    row('falling back: not from a close', { ...rejoining, peer: gone, seen: { [ofEast]: { log: at(9, 9) } } }, 'swap 7: solo west'),
    row(
      'its mirror takes it over from its receipts',
      { ...cutMade, seen: { [ofEast]: { log: at(5, 5), receiptedSeq: 10 }, [ofWest]: { log: at(10, 10) } } },
      'swap 7: solo west; order.east.0 2 west 10 solo east; order.west.0 2 west 10 solo east',
    ),
  ]);

  it('is named, with its numbers', () => {
    expect(stepIn({ seen: closed }).because).toMatch(/our own log of order\.west\.0 ends at 5, below its receipts at 10/);
    expect(stepIn({ ...cutMade, seen: closed }).because).toMatch(/our own log of order\.west\.0 ends at 5, below its receipts at 10/);
  });
});

describe('a shard that a takeover left out, after its mirror’s cut', () => {
  const leftOut: Scene = {
    here: east,
    segments: { [ofEast]: [segment(1, east, 0)], [ofWest]: [segment(1, west, 0), segment(3, east, 5, 'solo')] },
    cuts: [[west, 2]],
    seen: { [ofEast]: { log: at(10), receiptedSeq: 8 } },
  };
  const underSolo: Scene = { ...leftOut, status: { status: 'solo', region: east } };
  const underRejoining: Scene = { ...leftOut, status: { status: 'rejoining', region: west } };
  const allPaired: Scene = { ...leftOut, segments: { ...leftOut.segments, [ofWest]: [segment(1, west, 0), segment(4, east, 5)] } };
  const unread = { [ofEast]: { log: undefined, receiptedSeq: 8 } };
  const closed = { [ofEast]: { log: at(10, 10), receiptedSeq: 8 } };
  rows([
    row('while it cannot be read it stands', { ...underSolo, peer: { ...present, caughtUp: false }, seen: unread }, 'rest'),
    row('under solo it is closed, though its mirror is there', underSolo, 'close order.east.0 1'),
    row('and goes on solo', { ...underSolo, seen: closed }, 'swap 7: solo east; order.east.0 4 east 10 solo west'),
    row('a cut of its own term is none', { ...underSolo, cuts: [[west, 1]] }, 'swap 7: rejoining west'),
    row('under rejoining it is closed too, whatever its lag', underRejoining, 'close order.east.0 1, order.west.0 3'),
    row(
      'and paired under a new term',
      { ...underRejoining, segments: allPaired.segments!, seen: closed },
      'swap 7: rejoining west; order.east.0 5 east 10 paired west',
    ),
    row('under paired it is closed', allPaired, 'close order.east.0 1'),
    row('not while its mirror is away', { ...allPaired, peer: { ...present, silentForMs: 2_000 } }, 'rest'),
    row('its neighbours go on meanwhile', { ...allPaired, seen: unread }, 'close order.west.0 4'),
    row(
      'its mirror may not take over before it has reached the new term',
      { ...allPaired, seen: closed },
      'swap 7: rejoining west; order.east.0 5 east 10 paired west',
    ),
    row(
      'what its old receipts cover needs no return',
      { ...allPaired, seen: { [ofEast]: { log: at(8, 8), receiptedSeq: 8 } } },
      'swap 7: paired; order.east.0 5 east 8 paired west',
    ),
  ]);
});

describe('solo', () => {
  rows([
    row('the other is away: goes on alone', { ...solo, peer: gone }, 'rest'),
    row('it is back: taken back', solo, 'swap 7: rejoining east'),
    row('it has not caught up', { ...solo, peer: { ...present, caughtUp: false } }, 'rest'),
    row('its stranded commits are not offered again', { ...solo, peer: { ...present, strandedOffered: false } }, 'rest'),
    row('it is back for a moment only', { ...solo, peer: { ...present, leaseForMs: 4_999 } }, 'rest'),
    row('a takeover has just ended', { ...solo, statusForMs: 4_999 }, 'rest'),
    row(
      'a close without a successor: solo, from there',
      { ...solo, seen: { [ofEast]: { log: at(9, 9), receiptedSeq: 9 } } },
      'swap 7: solo west; order.east.0 3 west 9 solo east',
    ),
    row('the one that is out waits', { ...solo, here: east }, 'rest'),
    row('and takes nothing over when the other is lost: a person must decide', { ...solo, here: east, peer: gone }, 'awaits a person'),
  ]);
});

describe('rejoining', () => {
  const halfway: Scene = {
    ...rejoining,
    segments: { [ofEast]: [...bothWest('solo')[ofEast]!, segment(3, west, 6)], [ofWest]: bothWest('solo')[ofWest]! },
  };
  const allPaired: Scene = { ...rejoining, segments: bothWest('paired') };
  rows([
    row('solo shards are closed', rejoining, 'close order.east.0 2, order.west.0 2'),
    row('not those that the returning one lags behind on', { ...rejoining, seen: { [ofEast]: { log: at(900) } } }, 'close order.west.0 2'),
    row(
      'closed: goes on paired, waiting for no receipt',
      { ...halfway, seen: { [ofWest]: { log: at(9, 9), receiptedSeq: 3 } } },
      'swap 7: rejoining east; order.west.0 4 west 9 paired east',
    ),
    row('every shard paired and reached: the pair stands', allPaired, 'swap 7: paired'),
    row('one is not reached by a receipt of its own term', { ...allPaired, seen: { [ofEast]: { receiptedSeq: undefined } } }, 'rest'),
    row('one is not paired', { ...halfway, seen: { [ofWest]: { receiptedSeq: undefined } } }, 'rest'),
    row('the returning one is lost again: what is paired is closed', { ...halfway, peer: gone }, 'close order.east.0 3'),
    row(
      'and goes on solo, with the status',
      { ...halfway, peer: gone, seen: { [ofEast]: { log: at(8, 8), receiptedSeq: 6 } } },
      'swap 7: solo west; order.east.0 4 west 8 solo east',
    ),
    row('also when none was paired yet', { ...rejoining, peer: gone }, 'swap 7: solo west'),
    row(
      'the returning one beats, and nothing settles by its receipts: falls back',
      { ...halfway, peer: { ...present, oldestUnsettledMs: 10_000 } },
      'close order.east.0 3',
    ),
    row('the returning one only waits', { ...allPaired, here: east }, 'rest'),
    row('it never takes over: a person must decide', { ...allPaired, here: east, peer: gone }, 'awaits a person'),
  ]);
});

describe('handoff', () => {
  const atWest: Scene = { segments: { [ofEast]: [segment(2, west, 5)], [ofWest]: [segment(1, west, 0)] } };
  const evacuating: Scene = { wishes: { evacuated: [west] }, self: { notServingForMs: 3_000 } };
  rows([
    row('a shard goes home', atWest, 'close order.east.0 2'),
    row('not right after the pair was made', { ...atWest, statusForMs: 4_999 }, 'rest'),
    row('not to a home that is just back', { ...atWest, peer: { ...present, leaseForMs: 4_999 } }, 'rest'),
    row('not to a home that lags', { ...atWest, seen: { [ofEast]: { log: at(511) } } }, 'rest'),
    row(
      'closed: waits for the receipts to cover the close',
      { ...atWest, seen: { [ofEast]: { log: at(10, 10), receiptedSeq: 9 } } },
      'rest',
    ),
    row(
      'covered: the next segment is the other’s',
      { ...atWest, seen: { [ofEast]: { log: at(10, 10) } } },
      'swap 7: paired; order.east.0 3 east 10 paired west',
    ),
    row(
      'closed with no reason to hand over: goes on here',
      { seen: { [ofWest]: { log: at(10, 10) } } },
      'swap 7: paired; order.west.0 2 west 10 paired east',
    ),
    row('an evacuation drains first', { ...evacuating, self: { notServingForMs: 2_999 } }, 'rest'),
    row('then hands over', evacuating, 'close order.west.0 1'),
    row('nothing is brought to a region that is to be empty', { ...atWest, wishes: { evacuated: [east] } }, 'rest'),
    row('with both to be empty, nothing moves', { ...evacuating, wishes: { evacuated: [east, west] } }, 'rest'),
    row('only under paired', { ...evacuating, ...solo, peer: gone }, 'rest'),
  ]);

  it('closes a bounded number of shards at once', () => {
    const segments = Object.fromEntries(Array.from({ length: 18 }, (_, partition) => [`order.east.${partition}`, [segment(2, west, 5)]]));
    const step = stepIn({ segments });
    expect(step.step === 'close' && step.shards.length).toBe(2);
  });
});

describe('active and passive: one home of all', () => {
  const one = { [ofEast]: [segment(1, east, 0)] };
  rows([
    row('the passive one takes over', { segments: one, peer: gone }, 'claim 2, over revision 7'),
    row('what it needs no close for', { ...cutMade, segments: one }, 'swap 7: solo west; order.east.0 2 west 10 solo east'),
    row('the active one goes on without it', { here: east, segments: one, peer: gone }, 'claim 2, over revision 7'),
  ]);
});

describe('promotion', () => {
  const asked: Scene = { wishes: { promote: { overTerm: 2 } }, peer: gone };
  rows([
    row('raises the term past whatever the lost majority decided', { ...solo, ...asked, here: east }, 'claim 1000002, over revision 7'),
    row('also over its own claim of before', { ...claimed, ...asked }, 'claim 1000002, over revision 7'),
    row(
      'then goes on as a takeover',
      { ...asked, status: { status: 'claimed', region: west, term: 1_000_002 }, term: 1_000_002 },
      'cut 1000002',
    ),
    row(
      'bases a solo segment of the other on what its log holds: it has settled without receipts',
      {
        ...asked,
        status: { status: 'claimed', region: west, term: 1_000_002 },
        term: 1_000_002,
        cuts: [[west, 1_000_002]],
        segments: { [ofEast]: [segment(1, east, 0), segment(2, east, 5, 'solo')] },
        seen: { [ofEast]: { log: at(150), receiptedSeq: 90 } },
      },
      'swap 7: solo west; order.east.0 1000002 west 150 solo east',
    ),
    row(
      'does not end before the logs are read to their end, however long that takes',
      {
        ...asked,
        status: { status: 'claimed', region: west, term: 1_000_002 },
        term: 1_000_002,
        cuts: [[west, 1_000_002]],
        segments: { [ofEast]: [segment(1, east, 0), segment(2, east, 5, 'solo')] },
        logsAreCurrent: false,
      },
      'rest',
    ),
    row('once it is announced nothing else is decided before it is wished', { peer: gone, self: { promotionAnnounced: true } }, 'rest'),
    row('which a takeover would be', { peer: gone, statusForMs: 60_000 }, 'claim 2, over revision 7'),
    row('and then it is carried out', { ...asked, self: { promotionAnnounced: true } }, 'claim 1000001, over revision 7'),
    row('and is over when the status is solo', { ...solo, ...asked, term: 1_000_002 }, 'rest'),
  ]);
});

describe('three regions: south is lost', () => {
  const ofSouth = 'order.south.0';
  const regions = [east, west, south];
  const segments = {
    [ofEast]: [segment(1, east, 0, 'paired', west)],
    [ofWest]: [segment(1, west, 0, 'paired', south)],
    [ofSouth]: [segment(1, south, 0, 'paired', east)],
  };
  const peers = (here: typeof east) => [[here === east ? west : east, present] as const, [south, gone] as const];
  const scene = (here: typeof east): Scene => ({ here, regions, segments, peers: peers(here), statusForMs: 1_000 });
  const claimedByEast: Scene = { status: { status: 'claimed', region: east, term: 2 }, term: 2 };
  rows([
    row('its mirror claims', scene(east), 'claim 2, over revision 7'),
    row('so may the one that waits for its receipts', scene(west), 'claim 2, over revision 7'),
    row('the third cuts too', { ...scene(west), ...claimedByEast }, 'cut 2'),
    row('and closes what is its own', { ...scene(west), ...claimedByEast, cuts: [[west, 2]] }, 'close order.west.0 1'),
    row(
      'the claimant waits for its close',
      { ...scene(east), ...claimedByEast, cuts: [[east, 2]], seen: { [ofEast]: { log: at(4, 4), receiptedSeq: 4 } } },
      'rest',
    ),
    row(
      'then everyone goes on, paired with whoever is alive',
      {
        ...scene(east),
        ...claimedByEast,
        cuts: [[east, 2]],
        seen: {
          [ofEast]: { log: at(4, 4), receiptedSeq: 4 },
          [ofWest]: { log: at(6, 6), receiptedSeq: 6 },
          [ofSouth]: { receiptedSeq: 3 },
        },
      },
      'swap 7: solo east; order.east.0 2 east 4 paired west; order.west.0 2 west 6 paired east; order.south.0 2 east 3 paired west',
    ),
  ]);
});

describe('three regions: west is taken back, and east is lost', () => {
  const ofSouth = 'order.south.0';
  const scene: Scene = {
    here: south,
    regions: [east, west, south],
    status: { status: 'rejoining', region: west },
    term: 3,
    segments: {
      [ofEast]: [segment(1, east, 0, 'paired', south)],
      [ofWest]: [segment(3, south, 0, 'paired', west)],
      [ofSouth]: [segment(2, south, 4, 'paired', east)],
    },
    peers: [
      [east, gone],
      [west, present],
    ],
  };
  const outOfReach: Scene = {
    ...scene,
    segments: { ...scene.segments, [ofSouth]: [segment(3, south, 4, 'paired', west)] },
    seen: { [ofSouth]: { receiptedSeq: undefined } },
    lineageForMs: 10_000,
  };
  rows([
    row('what is paired with the lost one is closed', scene, 'close order.south.0 2'),
    row(
      'and goes on paired with whoever is alive, not with the lost one again',
      { ...scene, seen: { [ofSouth]: { log: at(6, 6), receiptedSeq: 4 } } },
      'swap 7: rejoining west; order.south.0 4 south 6 paired west',
    ),
    row('a mirror that lacks what the lost one never sent it is given time', { ...outOfReach, lineageForMs: 9_999 }, 'rest'),
    row('but not for ever: nothing settles by its receipts', outOfReach, 'close order.south.0 3'),
    row(
      'and the shard goes on alone',
      { ...outOfReach, seen: { [ofSouth]: { log: at(6, 6), receiptedSeq: undefined } } },
      'swap 7: rejoining west; order.south.0 4 south 6 solo west',
    ),
    row(
      'so it does under solo, counted from the segment and not from the status',
      { ...outOfReach, status: { status: 'solo', region: south }, lineageForMs: 9_999, statusForMs: 600_000 },
      'rest',
    ),
  ]);
});

describe('three regions: south is taken back, and the mirror of what it owns cannot read up to it', () => {
  const ofSouth = 'order.south.0';
  const scene: Scene = {
    here: south,
    regions: [east, west, south],
    status: { status: 'rejoining', region: south },
    segments: { [ofEast]: [segment(3, west, 0, 'paired', south)], [ofSouth]: [segment(3, south, 4, 'paired', east)] },
    lineageForMs: 10_000,
  };
  const alone: Scene = { ...scene, segments: { ...scene.segments, [ofSouth]: [segment(4, south, 6, 'solo', west)] } };
  rows([
    row('it is closed', { ...scene, seen: { [ofSouth]: { receiptedSeq: undefined } } }, 'close order.south.0 3'),
    row(
      'and names another mirror, so that the two do not take turns without end',
      { ...scene, seen: { [ofSouth]: { log: at(6, 6), receiptedSeq: undefined } } },
      'swap 7: rejoining south; order.south.0 4 south 6 solo west',
    ),
    row(
      'with which it is paired',
      { ...alone, seen: { [ofSouth]: { log: at(7, 7), receiptedSeq: undefined } } },
      'swap 7: rejoining south; order.south.0 5 south 7 paired west',
    ),
  ]);
});
