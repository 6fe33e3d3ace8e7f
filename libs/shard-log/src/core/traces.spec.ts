import { describe, expect, it } from 'vitest';
import { region } from '#contracts';
import { close, commit, cut, east, feeder, fence, inWords, receipt, receipts, segment, settledOf, shard, west } from './reading.fixture.ts';
import type { ShardResume } from './reading-events.ts';
import { ShardReading } from './shard-reading.ts';

/** The readers' part of the traces that broke earlier drafts of the protocol; changes of the lineage are given as data. */
const reading = (resume?: ShardResume) => {
  const it = new ShardReading(shard, resume);
  return { it, feed: feeder(it) };
};

describe('trace 1: a restart of a writer settles nothing', () => {
  it('strands what was never receipted when the other region takes over', () => {
    const { it: east1, feed } = reading();
    east1.learn([segment(1, east, 0)]);
    expect(inWords(feed(east, fence(1, 1, 0), commit(1, 1, 1), fence(1, 2, 1)))).toEqual([
      'fence 1 accepted',
      'accepted 1',
      'fence 2 accepted',
    ]);
    expect(east1.settledSeq).toBe(0);
    expect(inWords(east1.learn([segment(1, east, 0), segment(2, west, 0, 'solo')]))).toEqual(['stranded 1']);
    expect(inWords(feed(west, fence(2, 1, 0), commit(2, 1, 1)))).toEqual(['fence 1 accepted', 'accepted 1', 'settled 1 regional']);
  });
});

describe('trace 2: a late reader finds stranded commits before the new term', () => {
  const lineage = [segment(1, east, 0), segment(2, west, 0, 'solo'), segment(3, west, 1), segment(4, east, 1)];
  const westLog = [fence(2, 1, 0), commit(2, 1, 1), close(2), close(3)];

  it.each([1, 2, 3])('%i of them: it waits for the other log, and ends like everyone', (stranded) => {
    const eastLog = [fence(1, 1, 0), ...Array.from({ length: stranded }, (_, i) => commit(1, 1, i + 1)), fence(4, 1, 1), commit(4, 1, 2)];
    const late = reading();
    late.it.learn(lineage);
    const fromEast = late.feed(east, ...eastLog);
    expect(settledOf(fromEast)).toEqual([]);
    expect(inWords(fromEast).filter((line) => line.startsWith('stranded'))).toHaveLength(stranded);
    expect(late.it.neededFrom(east)).toBe(stranded + 1);
    late.it.receipts(west, receipts(west, receipt(4, 1, 2)));
    expect(settledOf(late.feed(west, ...westLog))).toEqual(['2/t2g1/1/regional', '4/t4g1/2/global']);
    expect(late.it.neededFrom(east)).toBeUndefined();

    const everyone = reading();
    everyone.it.learn(lineage);
    everyone.feed(west, ...westLog);
    everyone.feed(east, ...eastLog);
    expect(settledOf(everyone.it.receipts(west, receipts(west, receipt(4, 1, 2))))).toEqual(['4/t4g1/2/global']);
    expect(everyone.it.settledSeq).toBe(late.it.settledSeq);
  });

  it('before it knows any lineage it shows nothing, and afterwards it ends like everyone', () => {
    const { it: late, feed } = reading();
    expect(feed(east, fence(1, 1, 0), commit(1, 1, 1), fence(4, 1, 1))).toEqual([]);
    feed(west, ...westLog);
    expect(settledOf(late.learn(lineage))).toEqual(['2/t2g1/1/regional']);
    expect(late.cursor).toEqual({ term: 4, generation: 1, writer: 't4g1', seq: 1, closed: false });
  });
});

describe('trace 3: a receipt settles only commits of its own term', () => {
  it('the newest receipts alone settle no stranded commit of an older term', () => {
    const { it: late, feed } = reading();
    late.learn([segment(1, east, 0)]); // stale
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2));
    expect(late.receipts(west, receipts(west, receipt(4, 1, 9)))).toEqual([]);
    expect(late.settledSeq).toBe(0);
  });
});

describe('trace 4: two writers append the same fence', () => {
  it('the second is void, and its writer is told so by writer id', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0)]);
    const events = feed(east, fence(1, 1, 0, 'A'), fence(1, 1, 0, 'B'), commit(1, 1, 1, 'A'));
    expect(inWords(events)).toEqual(['fence 1 accepted', 'fence 1 void', 'accepted 1']);
    expect(log.cursor.writer).toBe('A');
  });
});

describe('trace 5: a lagging agent repeats a lower receipt and cuts', () => {
  it('the highest receipt before the cut still settles', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0)]);
    log.receipts(west, receipts(west, receipt(1, 1, 1)));
    log.receipts(west, receipts(west, receipt(1, 1, 0)));
    log.receipts(west, cut(west, 2));
    expect(settledOf(feed(east, fence(1, 1, 0), commit(1, 1, 1)))).toEqual(['1/t1g1/1/global']);
    expect(inWords(log.learn([segment(1, east, 0), segment(2, west, 1, 'solo')]))).toEqual([]);
  });
});

describe('trace 8: old receipts do not reach a new segment', () => {
  it('only a receipt of that very term, by the mirror that it names, settles', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0), segment(2, east, 1)]);
    log.receipts(west, receipts(west, receipt(1, 1, 9)));
    feed(east, fence(1, 1, 0), commit(1, 1, 1), close(1), fence(2, 1, 1), commit(2, 1, 2));
    expect(log.settledSeq).toBe(1);
    expect(log.receipts(east, receipts(east, receipt(2, 1, 2)))).toEqual([]);
    expect(log.receipts(west, receipts(west, receipt(2, 0, 1)))).toEqual([]);
    expect(settledOf(log.receipts(west, receipts(west, receipt(2, 1, 2))))).toEqual(['2/t2g1/2/global']);
  });
});

describe('trace 10: a zombie’s receipt lands after the cut', () => {
  it('counts for nothing, also for a reader with a stale lineage that begins at the cut', () => {
    const { it: late, feed } = reading();
    late.learn([segment(1, east, 0)]);
    late.receipts(west, cut(west, 2));
    feed(east, fence(1, 1, 0), commit(1, 1, 1));
    expect(late.receipts(west, receipts(west, receipt(1, 1, 1)))).toEqual([]);
    const again = reading(late.resume());
    again.it.learn([segment(1, east, 0)]);
    again.it.record({ log: east, offset: 1 }, commit(1, 1, 1));
    expect(again.it.receipts(west, receipts(west, receipt(1, 1, 1)))).toEqual([]);
  });
});

describe('trace 12: a late zombie agent writes a close', () => {
  it('of the last term: the shard is closed, and goes on with the next segment', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0, 'solo')]);
    expect(inWords(feed(east, fence(1, 1, 0), commit(1, 1, 1), close(1), commit(1, 1, 2), close(1)))).toEqual([
      'fence 1 accepted',
      'accepted 1',
      'settled 1 regional',
      'closed 1 at 1',
      'void 2',
      'void close',
    ]);
    expect(log.cursor.closed).toBe(true);
    log.learn([segment(1, east, 0, 'solo'), segment(2, east, 1, 'solo')]);
    expect(settledOf(feed(east, fence(2, 1, 1), commit(2, 1, 2)))).toEqual(['2/t2g1/2/regional']);
  });

  it('of a term that is over in this log, or in another region’s log: void', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0), segment(2, east, 0)]);
    expect(inWords(feed(east, fence(2, 1, 0), close(1)))).toEqual(['fence 1 accepted', 'void close']);
    expect(inWords(feed(west, close(2)))).toEqual(['void close']);
    expect(log.cursor.closed).toBe(false);
  });
});

describe('trace 15: a segment that its owner never opened', () => {
  it('is empty, and no reader waits for it', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0), segment(2, west, 1), segment(3, east, 1, 'solo')]);
    expect(settledOf(feed(east, fence(1, 1, 0), commit(1, 1, 1), close(1), fence(3, 1, 1), commit(3, 1, 2)))).toEqual([
      '1/t1g1/1/global',
      '3/t3g1/2/regional',
    ]);
  });
});

describe('durability of what settles through a later segment', () => {
  const written = [fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2)];

  it('is regional when the owner closed its own paired term and went on alone, but for what was receipted', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, west, 0)]);
    feed(west, ...written, close(1));
    log.receipts(east, receipts(east, receipt(1, 1, 1)));
    expect(inWords(log.learn([segment(1, west, 0), segment(2, west, 2, 'solo')]))).toEqual(['settled 2 regional']);
    const late = reading();
    late.it.learn([segment(1, west, 0), segment(2, west, 2, 'solo')]);
    expect(settledOf(late.feed(west, ...written))).toEqual(['1/t1g1/1/regional', '1/t1g1/2/regional']);
  });

  it('is global when the next segment has another owner, which has read up to its base', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, west, 0), segment(2, east, 2, 'solo')]);
    expect(settledOf(feed(west, ...written))).toEqual(['1/t1g1/1/global', '1/t1g1/2/global']);
  });

  it('is regional when the owner goes on paired, with a mirror that has yet to read what was not receipted', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, west, 0)]);
    feed(west, ...written, close(1));
    log.receipts(east, receipts(east, receipt(1, 1, 1)));
    expect(inWords(log.learn([segment(1, west, 0), { ...segment(2, west, 2), mirror: region('south') }]))).toEqual(['settled 2 regional']);
  });
});

describe('trace 16: the mode belongs to the segment', () => {
  it('a commit of a writer that believes it is solo waits for its receipt in a paired segment', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, west, 0, 'solo'), segment(2, west, 0)]);
    expect(inWords(feed(west, fence(2, 1, 0), commit(2, 1, 1)))).toEqual(['fence 1 accepted', 'accepted 1']);
    expect(inWords(log.receipts(east, receipts(east, receipt(2, 1, 1))))).toEqual(['settled 1 global']);
  });
});

describe('trace 17: the mirror rewinds', () => {
  it('fences, commits, closes, receipts and cuts come again, and are void or duplicate', () => {
    const { it: log, feed } = reading();
    const first = [fence(1, 1, 0), commit(1, 1, 1), fence(1, 2, 1), commit(1, 2, 2), close(1)];
    const second = [fence(2, 1, 2), commit(2, 1, 3)];
    const said = [receipts(west, receipt(1, 1, 1)), receipts(west, receipt(1, 2, 2)), cut(west, 2), receipts(west, receipt(2, 1, 3))];
    log.learn([segment(1, east, 0), segment(2, east, 2)]);
    feed(east, ...first, ...second);
    for (const record of said) log.receipts(west, record);
    expect(log.settledSeq).toBe(3);
    for (const record of said) expect(log.receipts(west, record)).toEqual([]);
    const again = inWords(feed(east, ...first, ...second));
    expect(again.filter((line) => !line.includes('void'))).toEqual([]);
    expect(settledOf(feed(east, commit(2, 1, 4)))).toEqual([]);
    expect(settledOf(log.receipts(west, receipts(west, receipt(2, 1, 4))))).toEqual(['2/t2g1/4/global']);
  });
});

describe('trace 19: the owner’s log lost its tail', () => {
  it('the mirror’s reader stops at the first commit after the loss', () => {
    const { it: mirror, feed } = reading();
    mirror.learn([segment(1, east, 0)]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2));
    const lossy = feed(east, fence(1, 2, 1), commit(1, 2, 2));
    expect(inWords(lossy)).toEqual(['fence 2 void', expect.stringContaining('stopped: data loss')]);
    expect(feed(east, commit(1, 2, 3))).toEqual([]);
    expect(mirror.neededFrom(east)).toBe(1); // commit 1 waits for its receipt
  });

  it('the owner’s writer sees a receipt above what its log holds', () => {
    const { it: own, feed } = reading();
    own.learn([segment(1, east, 0)]);
    own.receipts(west, receipts(west, receipt(1, 1, 2)));
    feed(east, fence(1, 1, 0), commit(1, 1, 1));
    expect(own.receiptAhead).toMatchObject({ generation: 1, seq: 2 });
    feed(east, commit(1, 1, 2));
    expect(own.receiptAhead).toBeUndefined();
  });

  it('a log that goes on with a later term, short of the next base, stops its readers', () => {
    const { it: own, feed } = reading();
    own.learn([segment(1, east, 0), segment(2, west, 2, 'solo'), segment(3, east, 2)]);
    expect(inWords(feed(east, fence(1, 1, 0), commit(1, 1, 1), fence(3, 1, 2))).at(-1)).toMatch(/^stopped: data loss: .* short of 2/);
  });
});

describe('trace 21: a generation written twice by two writers', () => {
  it('the first one’s receipt settles nothing of the second, and the mirror’s reader stops at its first commit', () => {
    const own = reading();
    own.it.learn([segment(1, east, 0)]);
    own.it.receipts(west, receipts(west, receipt(1, 2, 10, 'A')));
    const kept = [fence(1, 1, 0), commit(1, 1, 1)];
    own.feed(east, ...kept, fence(1, 2, 1, 'B'));
    expect(inWords(own.feed(east, commit(1, 2, 2, 'B'), commit(1, 2, 3, 'B')))).toEqual(['accepted 2', 'accepted 3']);
    expect(own.it.settledSeq).toBe(1);
    expect(own.it.receiptAhead).toMatchObject({ writer: 'A' });

    const mirror = reading();
    mirror.it.learn([segment(1, east, 0)]);
    mirror.feed(east, ...kept, fence(1, 2, 1, 'A'), commit(1, 2, 2, 'A'));
    expect(inWords(mirror.feed(east, fence(1, 2, 1, 'B'), commit(1, 2, 2, 'B')))).toEqual([
      'fence 2 void',
      expect.stringContaining('two histories'),
    ]);
  });
});

describe('beyond the traces', () => {
  it('a damaged stranded tail of the dead region does not stop the survivor', () => {
    const { it: survivor, feed } = reading();
    survivor.learn([segment(1, east, 0), segment(2, west, 1, 'solo')]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2), commit(1, 1, 3));
    // East lost 2 and 3 in the crash; its zombie opens the shard again at 1 and writes another 2.
    expect(inWords(feed(east, fence(1, 2, 1), commit(1, 2, 2)))).toEqual(['fence 2 void', 'void 2']);
    expect(survivor.stopped).toBeUndefined();
    expect(settledOf(feed(west, fence(2, 1, 1), commit(2, 1, 2)))).toEqual(['2/t2g1/2/regional']);
  });

  it('the same tail, met before the takeover is learnt of, stops the shard until it is', () => {
    const { it: survivor, feed } = reading();
    survivor.learn([segment(1, east, 0)]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2), commit(1, 1, 3));
    expect(inWords(feed(east, fence(1, 2, 1), commit(1, 2, 2))).at(-1)).toMatch(/^stopped: data loss/);
    expect(survivor.neededFrom(east)).toBe(1);
    expect(feed(west, fence(2, 1, 1), commit(2, 1, 2))).toEqual([]);
    expect(inWords(survivor.learn([segment(1, east, 0), segment(2, west, 1, 'solo')]))).toEqual([
      expect.stringMatching(/^resumed after data loss/),
      'settled 1 global',
      'stranded 2',
      'stranded 3',
      'void 2',
      'fence 1 accepted',
      'accepted 2',
      'settled 2 regional',
    ]);
    expect(survivor.stopped).toBeUndefined();
  });

  it('a stop beneath the next base stays, for what is missing counts', () => {
    const { it: survivor, feed } = reading();
    survivor.learn([segment(1, east, 0)]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 3));
    expect(survivor.learn([segment(1, east, 0), segment(2, west, 3, 'solo')])).toEqual([]);
    expect(survivor.stopped).toMatch(/gap/);
  });

  it('a stop of which more was read than is kept stays until a restart, which goes on from there', () => {
    const lineage = [segment(1, east, 0), segment(2, west, 1, 'solo')];
    const small = new ShardReading(shard, undefined, { heldMax: 2, pendingMax: 10 });
    const feed = feeder(small);
    small.learn(lineage.slice(0, 1));
    feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 9));
    feed(west, fence(2, 1, 1), commit(2, 1, 2), commit(2, 1, 3));
    expect(small.learn(lineage)).toEqual([]);
    expect([small.neededFrom(east), small.neededFrom(west)]).toEqual([1, 0]);
    const again = new ShardReading(shard, small.resume());
    again.learn(lineage);
    again.record({ log: east, offset: 1 }, commit(1, 1, 1));
    expect(inWords(again.record({ log: east, offset: 2 }, commit(1, 1, 9)))).toEqual(['void 9']);
    [fence(2, 1, 1), commit(2, 1, 2), commit(2, 1, 3)].forEach((record, offset) => again.record({ log: west, offset }, record));
    expect(again.settledSeq).toBe(3);
  });

  it('a lineage that takes back what was settled stops the shard', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0, 'solo')]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1));
    expect(inWords(log.learn([segment(1, east, 0, 'solo'), segment(2, west, 0)]))).toEqual([expect.stringContaining('takes back')]);
  });

  it('a record of a term that the lineage passed over is void once that is known', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0, 'solo')]);
    expect(feed(east, commit(2, 1, 1))).toEqual([]);
    expect(inWords(log.learn([segment(1, east, 0, 'solo'), segment(3, east, 0, 'solo')]))).toEqual(['void 1']);
  });

  it('a log waits in its own order: what stands behind a held record is looked at after it', () => {
    const { it: log, feed } = reading();
    log.learn([segment(1, east, 0, 'solo')]);
    feed(east, fence(1, 1, 0), commit(1, 1, 1), fence(3, 1, 1));
    expect(feed(east, commit(1, 1, 2))).toEqual([]);
    expect(inWords(log.learn([segment(1, east, 0, 'solo'), segment(3, east, 1)]))).toEqual(['fence 1 accepted', 'void 2']);
  });

  it('too much in memory holds the log back, and releases it when half is gone', () => {
    const log = new ShardReading(shard, undefined, { heldMax: 4, pendingMax: 4 });
    const feed = feeder(log);
    expect(inWords(feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2), commit(1, 1, 3), commit(1, 1, 4)))).toEqual(['held east']);
    expect(inWords(log.learn([segment(1, east, 0)])).at(-1)).toBe('accepted 4');
    expect(inWords(feed(east, commit(1, 1, 5)))).toEqual(['accepted 5']);
    expect(inWords(log.receipts(west, receipts(west, receipt(1, 1, 3)))).at(-1)).toBe('released east');
  });

  it('a stop releases what it held back, so that neighbours go on', () => {
    const log = new ShardReading(shard, undefined, { heldMax: 1, pendingMax: 4 });
    const feed = feeder(log);
    log.learn([segment(1, east, 0, 'solo')]);
    expect(inWords(feed(west, fence(2, 1, 1), fence(2, 2, 1)))).toEqual(['held west']);
    expect(inWords(feed(east, commit(1, 1, 1)))).toEqual(['released west', expect.stringContaining('stopped')]);
    expect(log.neededFrom(west)).toBe(0);
    expect(log.neededFrom(east)).toBe(0);
  });
});
