import { eventsTopic, shardOf, type Lineage, type Region, type ShardId } from '#contracts';
import type { ShardRecord } from '#shard-log';
import { LogCoverage } from './log-coverage.ts';

/** Where each shard's history in this region's own log ends: the commit that must stand in it, or it is short. */
export interface Expected {
  readonly shard: ShardId;
  readonly term: number;
  readonly seq: number;
}

/**
 * Of every shard the last commit of history that stands in this region's log, in segments that have ended. Nothing is expected of one
 * that has not: it may still be settled by nobody. Kafka loses tails or all, so a log that holds these commits holds all before them.
 */
export function expectedIn(lineage: Lineage, here: Region): readonly Expected[] {
  return Object.entries(lineage.shards).flatMap(([shard, segments]) => {
    for (let index = segments.length - 2; index >= 0; index--) {
      const [segment, next] = [segments[index]!, segments[index + 1]!];
      if (segment.owner === here && next.base > segment.base) return [{ shard: shard as ShardId, term: segment.term, seq: next.base }];
    }
    return [];
  });
}

/** Whether the record shows that the log reaches what is expected. */
export const reaches = ({ shard, term, seq }: Expected, record: ShardRecord): boolean =>
  record.kind === 'commit' && record.shard === shard && record.term === term && record.seq >= seq;

export const topicOfExpected = ({ shard }: Expected): string => eventsTopic(shardOf(shard).service);

/** The own log and the mirror of it tell different histories: copying could not put that right. */
export class DivergedLogError extends Error {
  override readonly name = 'DivergedLogError';
}

/**
 * What to copy of one partition, told from both logs: the mirror's records that the own log does not hold, in the mirror's order, each
 * once. That is sound if they are the own log's lost tail. If the own log went on after it lost its tail (a writer that opened anew), the
 * tail would come behind what contradicts it: then nothing is to be copied. Pure.
 */
export class MissingRecords {
  readonly #own: LogCoverage;
  readonly #mirror = new LogCoverage();
  readonly #short = new Set<ShardId>();

  constructor(own: LogCoverage) {
    this.#own = own;
  }

  /** Takes the mirror's next record. True: it is missing in the own log. @throws DivergedLogError */
  take(record: ShardRecord): boolean {
    if (this.#mirror.has(record)) return false; // MirrorMaker repeats; and mirrors what was copied back
    this.#mirror.note(record);
    if (!this.#own.has(record)) {
      this.#short.add(record.shard);
      return true;
    }
    if (this.#short.has(record.shard))
      throw new DivergedLogError(`the own log of ${record.shard} goes on behind records that it has lost: it must be emptied first`);
    return false;
  }

  /** After the mirror's last record. @throws DivergedLogError */
  end(): void {
    for (const shard of this.#short) {
      const beyond = this.#own.beyond(this.#mirror, shard);
      if (beyond !== undefined)
        throw new DivergedLogError(
          `the own log of ${shard} lacks records and holds others that the mirror lacks (${beyond}): it must be emptied first`,
        );
    }
  }
}
