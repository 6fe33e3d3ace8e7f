import type { Region, ShardId } from '#contracts';
import type { Commit, SettledCommit } from '#shard-log';

/** Which regions' clusters have ever held a commit: its own log, or a mirror of it. */
export class Holders {
  readonly #regions = new Map<string, Set<Region>>();

  note(region: Region, { shard, seq, writer }: Pick<Commit, 'shard' | 'seq' | 'writer'>): void {
    const key = `${shard} ${seq} ${writer}`;
    const holders = this.#regions.get(key);
    if (holders === undefined) this.#regions.set(key, new Set([region]));
    else holders.add(region);
  }

  countOf({ shard, seq, writer }: Pick<Commit, 'shard' | 'seq' | 'writer'>): number {
    return this.#regions.get(`${shard} ${seq} ${writer}`)?.size ?? 0;
  }
}

/**
 * What anybody was ever shown of each shard. A reader that is shown something else at a seq, or something before what comes first, has found
 * two histories; and what it is told as global must be able to survive the loss of either region.
 */
export class ShownHistory {
  readonly #shards = new Map<ShardId, (string | undefined)[]>();
  readonly #holders: Holders;
  readonly #onFlaw: (what: string) => void;

  constructor(holders: Holders, onFlaw: (what: string) => void) {
    this.#holders = holders;
    this.#onFlaw = onFlaw;
  }

  note(reader: string, { commit, durability }: Pick<SettledCommit, 'commit' | 'durability'>): void {
    const { shard, seq, cause, writer } = commit;
    if (durability === 'global' && this.#holders.countOf(commit) < 2)
      this.#onFlaw(`${shard} ${seq} is told as global to ${reader}, and stands in one region alone`);
    const shown = this.#shards.get(shard) ?? [undefined];
    this.#shards.set(shard, shown);
    const identity = `${cause} ${writer}`;
    const before = shown[seq];
    if (before === identity) return;
    if (before !== undefined) this.#onFlaw(`${shard} ${seq}: ${before} was shown, ${reader} is shown ${identity}`);
    else if (seq !== shown.length) this.#onFlaw(`${shard}: ${reader} is shown ${seq}, ${shown.length} was never shown`);
    else shown.push(identity);
  }

  seqOf(shard: ShardId): number {
    return (this.#shards.get(shard)?.length ?? 1) - 1;
  }

  get shards(): readonly ShardId[] {
    return [...this.#shards.keys()];
  }
}
