import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import type { FeedCheckpoint, SettledCommit } from '#shard-log';
import type { PendingWork } from '../core/batch-buffer.ts';
import { cappedWork, joined, type Progress } from './capped-work.ts';

const shards = ['order.east.0', 'order.west.0'] as ShardId[];
const checkpoint: FeedCheckpoint = { version: 1, offsets: { here: 1 }, topicIds: {}, shards: {}, lineage: null };
const theirs: FeedCheckpoint = { ...checkpoint, offsets: { there: 2 } };

/** Commits of both shards, each without a gap after `stored`, as a feed gives them. */
const workAfter = (stored: Progress, counts: readonly number[]): PendingWork => {
  const commits = shards.flatMap((shard, i) =>
    Array.from({ length: counts[i] ?? 0 }, (_, n) => ({ commit: { shard, seq: (stored[shard] ?? 0) + n + 1 } }) as SettledCommit),
  );
  const moved = Object.fromEntries(commits.map(({ commit }) => [commit.shard, commit.seq]));
  return { commits, unreadable: [], moved, checkpoint, isFull: false };
};
const progressOf = (seqs: readonly number[]): Progress => Object.fromEntries(shards.map((shard, i) => [shard, seqs[i] ?? 0]));
const twoSeqs = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }));

it('brings the tables to exactly the other ones’ progress, or does nothing', () => {
  fc.assert(
    fc.property(twoSeqs, twoSeqs, twoSeqs, (storedSeqs, counts, targetSeqs) => {
      const [stored, target] = [progressOf(storedSeqs), progressOf(targetSeqs)];
      const capped = cappedWork(workAfter(stored, counts), stored, target, theirs);
      const canReach = targetSeqs.every((seq, i) => seq >= storedSeqs[i]! && seq <= storedSeqs[i]! + counts[i]!);
      expect(capped !== undefined).toBe(canReach);
      if (capped === undefined) return;
      expect({ ...stored, ...capped.moved }).toEqual(target);
      expect(capped.commits).toHaveLength(targetSeqs.reduce((sum, seq, i) => sum + seq - storedSeqs[i]!, 0));
      expect(capped.checkpoint).toBe(theirs);
    }),
    { seed: 20261127, numRuns: 300 },
  );
});

it('joins what came in two batches', () => {
  const [first, second] = [workAfter(progressOf([0, 0]), [2, 1]), { ...workAfter(progressOf([2, 1]), [1, 0]), checkpoint: theirs }];
  expect(joined(undefined, first)).toBe(first);
  expect(joined(first, second)).toMatchObject({ moved: progressOf([3, 1]), checkpoint: theirs });
  expect(joined(first, second).commits).toHaveLength(4);
});
