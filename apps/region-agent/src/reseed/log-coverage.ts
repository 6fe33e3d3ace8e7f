import type { ShardId } from '#contracts';
import type { Commit, ShardRecord } from '#shard-log';

const openingOf = ({ shard, term, generation, writer }: Pick<Commit, 'shard' | 'term' | 'generation' | 'writer'>): string =>
  `${shard} ${term} ${generation} ${writer}`;

/**
 * Which records a log holds, told from what a writer does: it never appends anything twice, and its commits of one opening count up
 * from its fence. So a log, of which Kafka loses the tail or all, holds of each opening all commits up to the highest, and that number says
 * it all. Costs memory per opening, not per commit. Pure.
 */
export class LogCoverage {
  readonly #highestSeq = new Map<string, number>();
  readonly #fences = new Set<string>();
  readonly #closes = new Set<string>();
  readonly #openings = new Map<ShardId, Set<string>>();

  has(record: ShardRecord): boolean {
    switch (record.kind) {
      case 'commit':
        return record.seq <= (this.#highestSeq.get(openingOf(record)) ?? 0);
      case 'fence':
        return this.#fences.has(openingOf(record));
      default:
        return this.#closes.has(`${record.shard} ${record.term}`);
    }
  }

  note(record: ShardRecord): void {
    switch (record.kind) {
      case 'commit': {
        const opening = openingOf(record);
        this.#highestSeq.set(opening, Math.max(record.seq, this.#highestSeq.get(opening) ?? 0));
        this.#noteOpening(record.shard, opening);
        return;
      }
      case 'fence':
        this.#fences.add(openingOf(record));
        this.#noteOpening(record.shard, openingOf(record));
        return;
      default:
        this.#closes.add(`${record.shard} ${record.term}`);
    }
  }

  /** An opening of this shard of which this log holds more than the other, in words; undefined when there is none. */
  beyond(other: LogCoverage, shard: ShardId): string | undefined {
    for (const opening of this.#openings.get(shard) ?? []) {
      const [own, theirs] = [this.#highestSeq.get(opening) ?? 0, other.#highestSeq.get(opening) ?? 0];
      if (own > theirs) return `${opening}: up to ${own} here, up to ${theirs} there`;
      if (this.#fences.has(opening) && !other.#fences.has(opening)) return `${opening}: its fence is here, not there`;
    }
    return undefined;
  }

  #noteOpening(shard: ShardId, opening: string): void {
    const openings = this.#openings.get(shard) ?? new Set();
    this.#openings.set(shard, openings.add(opening));
  }
}
