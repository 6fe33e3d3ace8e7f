import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { commandId, region, type Lineage, type Region, type Segment, type ShardId } from '#contracts';
import { ShardReading, type ShardRecord } from '#shard-log';
import { LogCoverage } from './log-coverage.ts';
import { DivergedLogError, expectedIn, MissingRecords, reaches } from './missing-records.ts';

const [east, west] = [region('east'), region('west')];
const shards: readonly ShardId[] = ['order.east.0', 'order.west.0'];
const [shard] = shards as [ShardId];

const fence = (generation: number, base: number, of = shard, writer = `w${generation}`): ShardRecord => ({
  kind: 'fence',
  shard: of,
  term: 1,
  generation,
  writer,
  base,
});
const commit = (generation: number, seq: number, of = shard, writer = `w${generation}`): ShardRecord => ({
  kind: 'commit',
  shard: of,
  term: 1,
  generation,
  writer,
  seq,
  cause: commandId(`c-${seq}`),
  correlation: 'o',
  traceparent: '',
  streams: ['o'],
  body: '{}',
});
const close = (of = shard): ShardRecord => ({ kind: 'close', shard: of, term: 1 });

function coverageOf(records: readonly ShardRecord[]): LogCoverage {
  const coverage = new LogCoverage();
  for (const record of records) coverage.note(record);
  return coverage;
}

/** What would be appended to `own`, as its records. */
function missingIn(own: readonly ShardRecord[], mirror: readonly ShardRecord[]): readonly ShardRecord[] {
  const missing = new MissingRecords(coverageOf(own));
  const copies = mirror.filter((record) => missing.take(record));
  missing.end();
  return copies;
}

/** A log of two shards as writers write it: openings in order, commits that count up, zombies' commits in between, closes. */
const anyLog: fc.Arbitrary<readonly ShardRecord[]> = fc
  .array(fc.record({ of: fc.constantFrom(...shards), act: fc.constantFrom('commit', 'commit', 'commit', 'open', 'zombie', 'close') }), {
    maxLength: 60,
  })
  .map((acts) => {
    const records: ShardRecord[] = [];
    const state = new Map(shards.map((of) => [of, { generation: 1, seq: 0, zombieSeq: 0 }]));
    for (const of of shards) records.push(fence(1, 0, of));
    for (const { of, act } of acts) {
      const at = state.get(of)!;
      if (act === 'commit') records.push(commit(at.generation, ++at.seq, of));
      else if (act === 'close') records.push(close(of));
      else if (act === 'open') {
        Object.assign(at, { generation: at.generation + 1, zombieSeq: at.seq });
        records.push(fence(at.generation, at.seq, of));
      } else if (at.generation > 1) records.push(commit(at.generation - 1, ++at.zombieSeq, of));
    }
    return records;
  });

/** At-least-once: stretches come again, at once or at the end. */
const withRepeats = (log: readonly ShardRecord[], cuts: readonly number[], again: boolean): readonly ShardRecord[] => {
  const repeated = log.flatMap((record, index) =>
    cuts.includes(index) ? [record, ...log.slice(Math.max(0, index - 3), index + 1)] : [record],
  );
  return again ? [...repeated, ...log] : repeated;
};

const distinct = (log: readonly ShardRecord[]): readonly ShardRecord[] => {
  const seen = new LogCoverage();
  return log.filter((record) => {
    const isNew = !seen.has(record);
    seen.note(record);
    return isNew;
  });
};

it('refills what a log lost at its end, each record once and in order, however often the mirror repeats', () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 5 });
  fc.assert(
    fc.property(anyLog, fc.nat(70), cuts, fc.boolean(), (log, kept, at, again) => {
      const own = log.slice(0, kept);
      const refilled = [...own, ...missingIn(own, withRepeats(log, at, again))];
      expect(distinct(refilled)).toEqual(distinct(log));
      expect(missingIn(refilled, withRepeats([...log, ...refilled], at, again))).toEqual([]);
    }),
    { seed: 9, numRuns: 500 },
  );
});

it('broken off anywhere and begun anew it comes to the same log', () => {
  fc.assert(
    fc.property(anyLog, fc.nat(70), fc.nat(70), (log, kept, copied) => {
      const own = log.slice(0, kept);
      const half = [...own, ...missingIn(own, log).slice(0, copied)];
      // What was copied back has reached the mirror too, behind the rest.
      expect(distinct([...half, ...missingIn(half, [...log, ...half])])).toEqual(distinct(log));
    }),
    { seed: 10, numRuns: 500 },
  );
});

it('trace 21: a log that was written to after it lost its tail is refused, whether the mirror has the new writer or not', () => {
  const before = [fence(1, 0), commit(1, 1)];
  const lost = [fence(2, 1, shard, 'A'), commit(2, 2, shard, 'A')];
  const since = [fence(2, 1, shard, 'B'), commit(2, 2, shard, 'B')];
  expect(() => missingIn([...before, ...since], [...before, ...lost])).toThrow(DivergedLogError);
  expect(() => missingIn([...before, ...since], [...before, ...lost, ...since])).toThrow(DivergedLogError);
});

it('one shard that lost nothing does not hinder its neighbour in the partition', () => {
  const [one, two] = shards as [ShardId, ShardId];
  const own = [fence(1, 0, one), commit(1, 1, one), fence(1, 0, two), commit(1, 1, two)];
  expect(missingIn(own.slice(0, 3), [fence(1, 0, one), commit(1, 1, one), fence(1, 0, two), commit(1, 1, two)])).toEqual([own[3]]);
});

const segment = (term: number, owner: Region, base: number): Segment => ({
  term,
  owner,
  base,
  mode: 'paired',
  mirror: owner === east ? west : east,
});
const lineageOf = (...segments: readonly Segment[]): Lineage => ({
  term: 9,
  status: { status: 'solo', region: west },
  shards: { [shard]: [...segments] },
});

it('expects of the own log what the lineage says of its ended segments, and no more', () => {
  expect(expectedIn(lineageOf(segment(1, east, 0), segment(2, west, 7)), east)).toEqual([{ shard, term: 1, seq: 7 }]);
  expect(expectedIn(lineageOf(segment(1, east, 0)), east)).toEqual([]);
  expect(expectedIn(lineageOf(segment(1, west, 0), segment(2, east, 7)), east)).toEqual([]);
  const emptyOne = lineageOf(segment(1, east, 0), segment(2, west, 4), segment(3, east, 6), segment(4, west, 6));
  expect(expectedIn(emptyOne, east)).toEqual([{ shard, term: 1, seq: 4 }]);
});

it('a log that holds what is expected is read to its end without a stop; one that lacks it never comes past its term', () => {
  const segments = [segment(1, east, 0), segment(2, west, 2)];
  const [expected] = expectedIn(lineageOf(...segments), east);
  const log = [fence(1, 0), commit(1, 1), commit(1, 2), commit(1, 3)];
  for (const length of [0, 1, 2, 3, 4]) {
    const reading = new ShardReading(shard);
    reading.learn(segments);
    log.slice(0, length).forEach((record, offset) => reading.record({ log: east, offset }, record));
    const isThere = log.slice(0, length).some((record) => reaches(expected!, record));
    expect([length, reading.cursor.term === 2]).toEqual([length, isThere]);
  }
});
