import type { ShardId } from '#contracts';
import type { FeedCheckpoint } from '#shard-log';
import type { PendingWork } from '../core/batch-buffer.ts';

export type Progress = Readonly<Record<ShardId, number>>;

/** Whether `progress` is nowhere behind `target`. */
export const reaches = (progress: Progress, target: Progress): boolean =>
  (Object.entries(target) as [ShardId, number][]).every(([shard, seq]) => (progress[shard] ?? 0) >= seq);

/** Both one after the other, as one. */
export function joined(first: PendingWork | undefined, second: PendingWork): PendingWork {
  if (first === undefined) return second;
  return {
    commits: first.commits.concat(second.commits),
    unreadable: first.unreadable.concat(second.unreadable),
    moved: { ...first.moved, ...second.moved },
    checkpoint: second.checkpoint,
    isFull: first.isFull || second.isFull,
  };
}

/**
 * What brings tables that stand at `stored` to exactly `target`, where somebody else's tables stand with `checkpoint`: a checkpoint says
 * how to go on after a progress, whoever computed it. Undefined when they are past it somewhere, or `work` does not reach it.
 */
export function cappedWork(
  work: PendingWork | undefined,
  stored: Progress,
  target: Progress,
  checkpoint: FeedCheckpoint,
): PendingWork | undefined {
  if (!reaches(target, stored) || !reaches({ ...stored, ...work?.moved }, target)) return undefined;
  const commits = (work?.commits ?? []).filter(({ commit }) => commit.seq <= (target[commit.shard] ?? 0));
  const moved: Record<ShardId, number> = {};
  for (const { commit } of commits) moved[commit.shard] = Math.max(moved[commit.shard] ?? 0, commit.seq);
  return { commits, unreadable: work?.unreadable ?? [], moved, checkpoint, isFull: false };
}
