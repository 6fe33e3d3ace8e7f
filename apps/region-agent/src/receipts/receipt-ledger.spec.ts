import { describe, expect, it } from 'vitest';
import { commandId, firstLineage, region, type Lineage, type Segment, type ShardId } from '#contracts';
import type { Close, Commit, Fence, Receipt, ShardRecord } from '#shard-log';
import { ReceiptLedger } from './receipt-ledger.ts';

const [east, west] = [region('east'), region('west')];
const shard: ShardId = 'order.east.0';
const neighbour: ShardId = 'order.east.1';
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 2, regions: [east, west] });

interface About {
  readonly term?: number;
  readonly generation?: number;
  readonly writer?: string | null;
  readonly of?: ShardId;
}

const fence = (
  generation: number,
  base: number,
  { term = 1, writer = `w${generation}`, of = shard }: About & { writer?: string } = {},
): Fence => ({
  kind: 'fence',
  shard: of,
  term,
  generation,
  writer,
  base,
});
const commit = (
  seq: number,
  { term = 1, generation = 1, writer = `w${generation}`, of = shard }: About & { writer?: string } = {},
): Commit => ({
  kind: 'commit',
  shard: of,
  term,
  generation,
  writer,
  seq,
  cause: commandId(`c${seq}`),
  correlation: 'o',
  traceparent: '',
  streams: ['o'],
  body: '{}',
});
const close = (term: number): Close => ({ kind: 'close', shard, term });
const receipt = (
  term: number,
  generation: number,
  seq: number,
  { writer = generation === 0 ? null : `w${generation}`, of = shard }: About = {},
): Receipt => ({
  shard: of,
  term,
  generation,
  writer,
  seq,
});

/** Own receipts, as they stand in the own log. */
const readBack = (ledger: ReceiptLedger, receipts: readonly Receipt[]): void =>
  ledger.receipts(west, { kind: 'receipts', by: west, receipts });

/** The agent in west, reading the mirror of east's log. */
function inWest(lineage: Lineage = first) {
  const ledger = new ReceiptLedger(west);
  ledger.learn(lineage);
  ledger.moved(); // what may be said at the start
  return { ledger, read: reader(ledger) };
}

function reader(ledger: ReceiptLedger, log = east) {
  let offset = 0;
  return (...records: readonly ShardRecord[]): readonly Receipt[] => {
    for (const record of records) ledger.record({ log, offset: offset++ }, record);
    return ledger.moved().filter((given) => given.shard === shard || given.shard === neighbour);
  };
}

/** `first`, and then these segments of the one shard. */
const withSegments = (term: number, ...segments: readonly Segment[]): Lineage => ({
  ...first,
  term,
  shards: { ...first.shards, [shard]: [...first.shards[shard]!, ...segments] },
});

describe('receipts', () => {
  it('at the start: everything that is mirrored here is read up to its base', () => {
    const ledger = new ReceiptLedger(west);
    ledger.learn(first);
    const expected = ['order', 'inventory', 'payment'].flatMap((service) =>
      [0, 1].map((p) => receipt(1, 0, 0, { of: `${service}.east.${p}` as ShardId })),
    );
    expect(ledger.moved()).toEqual(expected);
    expect(ledger.moved()).toEqual([]);
    expect(ledger.all()).toEqual(expected);
  });

  it('follow what was accepted, once, with the generation that was read', () => {
    const { ledger, read } = inWest();
    ledger.all();
    expect(read(fence(1, 0))).toEqual([receipt(1, 1, 0)]);
    expect(read(commit(1), commit(2))).toEqual([receipt(1, 1, 2)]);
    expect(read(commit(2))).toEqual([]);
    expect(read(fence(2, 2), commit(3, { generation: 2 }), commit(3, { generation: 1 }))).toEqual([receipt(1, 2, 3)]);
    expect(ledger.all()).toContainEqual(receipt(1, 2, 3));
  });

  it('one record for all shards that moved', () => {
    const { read } = inWest();
    expect(read(fence(1, 0), commit(1), fence(1, 0, { of: neighbour }))).toEqual(
      expect.arrayContaining([receipt(1, 1, 1), receipt(1, 1, 0, { of: neighbour })]),
    );
  });

  it('are due again when they may not have been written', () => {
    const { ledger, read } = inWest();
    const lost = read(fence(1, 0), commit(1));
    ledger.notWritten(lost);
    expect(ledger.moved()).toContainEqual(receipt(1, 1, 1));
  });

  it('are not given for shards that this region owns, nor for another region’s mirror', () => {
    const solo = withSegments(2, { term: 2, owner: east, base: 0, mode: 'paired', mirror: region('north') });
    const { ledger, read } = inWest(solo);
    expect(ledger.all().map(({ shard: of }) => of)).not.toContain(shard);
    expect(read(fence(1, 0, { term: 2 }), commit(1, { term: 2 }))).not.toContainEqual(expect.objectContaining({ shard }));
  });

  it('end where a shard stands still, and go on for its neighbour (trace 21)', () => {
    const { ledger, read } = inWest();
    readBack(ledger, read(fence(1, 0), commit(1), fence(2, 1), commit(2, { generation: 2 })));
    // East's log has lost its tail: another writer's generation 2 begins before what was receipted.
    const given = read(fence(2, 0, { writer: 'other' }), commit(1, { generation: 2, writer: 'other' }), fence(1, 0, { of: neighbour }));
    expect(given).toEqual([receipt(1, 1, 0, { of: neighbour })]);
    expect([...ledger.stopped().keys()]).toEqual([shard]);
    expect(ledger.takeEvents()).toContainEqual({ type: 'stopped', shard, reason: expect.stringContaining('data loss') });
    expect(ledger.all().map(({ shard: of }) => of)).not.toContain(shard);
    expect(ledger.all().map(({ shard: of }) => of)).toContain(neighbour);
    expect(ledger.neededFrom(east, 'order', 0)).toBe(5);
  });

  it('a gap stops the shard: a mirror has lost data', () => {
    const { ledger, read } = inWest();
    expect(read(fence(1, 0), commit(1), commit(3))).toEqual([]);
    expect(ledger.stopped().get(shard)).toContain('gap');
  });
});

describe('a lagging agent (trace 5)', () => {
  it('says only what it has read itself; a receipt that is ahead of it changes nothing', () => {
    const [a1, a2] = [inWest(), inWest()];
    expect(a2.read(fence(1, 0), commit(1))).toEqual([receipt(1, 1, 1)]);
    expect(a1.read(fence(1, 0))).toEqual([receipt(1, 1, 0)]);
  });
});

describe('a new segment (trace 8)', () => {
  const handedBack: Segment = { term: 2, owner: east, base: 2, mode: 'paired', mirror: west };

  it('is receipted with (term, 0, nobody, base) only when the history is read up to its base', () => {
    const { ledger, read } = inWest();
    read(fence(1, 0), commit(1));
    ledger.learn(withSegments(2, handedBack));
    expect(ledger.moved().filter(({ shard: of }) => of === shard)).toEqual([]);
    expect(read(commit(2))).toEqual([receipt(2, 0, 2)]);
    expect(read(close(1), commit(3))).toEqual([]);
    expect(read(fence(1, 2, { term: 2 }), commit(3, { term: 2 }))).toEqual([receipt(2, 1, 3)]);
  });

  it('also when it is empty', () => {
    const { ledger, read } = inWest();
    read(fence(1, 0), commit(1), commit(2));
    ledger.learn(withSegments(2, handedBack));
    expect(ledger.moved()).toContainEqual(receipt(2, 0, 2));
  });

  it('whose predecessor stands in this region’s own log waits for that log', () => {
    const taken = withSegments(3, { term: 2, owner: west, base: 1, mode: 'solo', mirror: east }, { ...handedBack, term: 3 });
    const ledger = new ReceiptLedger(west);
    expect(ledger.learn(taken).logs).toEqual(new Set([east, west]));
    ledger.moved();
    expect(reader(ledger)(fence(1, 0), commit(1), fence(1, 2, { term: 3 }), commit(3, { term: 3 }))).toEqual([]);
    expect(reader(ledger, west)(fence(1, 1, { term: 2 }), commit(2, { term: 2 }))).toEqual([receipt(3, 1, 3)]);
  });
});

describe('a recreated mirror (trace 8)', () => {
  it('is receipted again only when it holds what was receipted before', () => {
    const { ledger, read } = inWest();
    read(fence(1, 0), commit(1), commit(2));
    ledger.rereadFromStart(east, 'order');
    const again = reader(ledger);
    expect(ledger.all().map(({ shard: of }) => of)).not.toContain(shard);
    expect(again(fence(1, 0), commit(1))).toEqual([]);
    const restarted = new ReceiptLedger(west, JSON.parse(JSON.stringify(ledger.state())));
    restarted.learn(first);
    expect(restarted.all().map(({ shard: of }) => of)).not.toContain(shard);
    again(commit(2));
    expect(ledger.all()).toContainEqual(receipt(1, 1, 2));
    expect(again(commit(3))).toEqual([receipt(1, 1, 3)]);
  });

  it('goes on where the old one had a hole, behind which a close was read too early', () => {
    const { ledger, read } = inWest();
    const reopened = withSegments(2, { term: 2, owner: east, base: 2, mode: 'paired', mirror: west });
    read(fence(1, 0), commit(1), close(1));
    ledger.learn(reopened);
    expect(ledger.stopped().get(shard)).toContain('term 1 is closed at 1, its history goes on to 2');
    const restarted = new ReceiptLedger(west, JSON.parse(JSON.stringify(ledger.state())));
    restarted.learn(reopened);
    for (const each of [ledger, restarted]) {
      each.rereadFromStart(east, 'order');
      reader(each)(fence(1, 0), commit(1), commit(2), close(1));
      expect(each.stopped().size).toBe(0);
      expect(each.all()).toContainEqual(receipt(2, 0, 2));
    }
  });

  it('that lacks something of an earlier term gets no receipt, although what is missing was held before', () => {
    const { ledger, read } = inWest();
    const reopened = withSegments(2, { term: 2, owner: east, base: 2, mode: 'paired', mirror: west });
    read(fence(1, 0), commit(1), commit(2), close(1));
    ledger.learn(reopened);
    read(fence(1, 2, { term: 2 }));
    expect(ledger.all()).toContainEqual(receipt(2, 1, 2));
    expect(ledger.rereadFromStart(east, 'order')).toEqual(new Set());
    const again = reader(ledger);
    expect(again(fence(1, 0), commit(2), close(1), fence(1, 2, { term: 2 }), commit(3, { term: 2 }))).toEqual([]);
    expect(ledger.stopped().get(shard)).toContain('gap');
    ledger.rereadFromStart(east, 'order');
    const whole = reader(ledger);
    whole(fence(1, 0), commit(1), commit(2), close(1), fence(1, 2, { term: 2 }), commit(3, { term: 2 }));
    expect(ledger.all()).toContainEqual(receipt(2, 1, 3));
  });

  it('and stands beside other logs with parts of its shards’ history asks that they are read again too', () => {
    const taken = withSegments(
      3,
      { term: 2, owner: west, base: 1, mode: 'solo', mirror: east },
      {
        term: 3,
        owner: east,
        base: 2,
        mode: 'paired',
        mirror: west,
      },
    );
    const ledger = new ReceiptLedger(west);
    ledger.learn(taken);
    const readAll = (): readonly Receipt[] => {
      reader(ledger)(fence(1, 0), commit(1), fence(1, 2, { term: 3 }));
      return reader(ledger, west)(fence(1, 1, { term: 2 }), commit(2, { term: 2 }));
    };
    expect(readAll()).toContainEqual(receipt(3, 1, 2));
    expect(ledger.rereadFromStart(east, 'order')).toEqual(new Set([west]));
    expect(ledger.logOf(shard)).toBeUndefined();
    readAll();
    expect(ledger.all()).toContainEqual(receipt(3, 1, 2));
  });

  it('of one service leaves the others alone', () => {
    const { ledger, read } = inWest();
    read(fence(1, 0), commit(1));
    ledger.rereadFromStart(east, 'payment');
    expect(ledger.all()).toContainEqual(receipt(1, 1, 1));
  });
});

describe('stranded commits of the own log', () => {
  const taken = withSegments(2, { term: 2, owner: west, base: 1, mode: 'solo', mirror: east });

  it('are counted as they are read, also one that comes long after its term, and until they are looked for', () => {
    const ledger = new ReceiptLedger(east);
    ledger.learn(first);
    const read = reader(ledger, east);
    read(fence(1, 0), commit(1), commit(2));
    expect(ledger.strandedHere.unlooked).toBe(0);
    ledger.learn(taken);
    expect(ledger.strandedHere.unlooked).toBe(1);
    ledger.strandedHere.lookedThrough(ledger.strandedHere.seen);
    expect(ledger.strandedHere.unlooked).toBe(0);
    read(fence(2, 2), commit(3, { generation: 2 }));
    expect(ledger.strandedHere.unlooked).toBe(1);
    expect(new ReceiptLedger(east, JSON.parse(JSON.stringify(ledger.state()))).strandedHere.unlooked).toBe(1);
  });

  it('in the mirror of another log are not ours to look for', () => {
    const { ledger, read } = inWest();
    read(fence(1, 0), commit(1), commit(2));
    ledger.learn(taken);
    expect(ledger.strandedHere.unlooked).toBe(0);
  });
});

describe('a restart', () => {
  it('goes on where it was; what was not yet written is read again', () => {
    const { ledger, read } = inWest();
    readBack(ledger, read(fence(1, 0), commit(1)));
    expect(ledger.neededFrom(east, 'order', 0)).toBeUndefined();
    read(commit(2));
    expect(ledger.neededFrom(east, 'order', 0)).toBe(2);

    const next = new ReceiptLedger(west, JSON.parse(JSON.stringify(ledger.state())));
    expect(next.learn(first)).toEqual({ logs: new Set([east, west]), again: new Set() });
    next.record({ log: east, offset: 2 }, commit(2));
    expect(next.moved()).toContainEqual(receipt(1, 1, 2));
  });

  it('keeps what it resumed from while the lineage is not known', () => {
    const { ledger, read } = inWest();
    readBack(ledger, read(fence(1, 0), commit(1)));
    expect(new ReceiptLedger(west, ledger.state()).state()).toEqual(ledger.state());
  });

  it('with a shard that is new to it reads its logs from the start', () => {
    const { ledger } = inWest();
    const state = ledger.state();
    const { [shard]: _, ...others } = state.shards;
    expect(new ReceiptLedger(west, { ...state, shards: others }).learn(first).again).toEqual(new Set([east]));
  });
});
