import type { Logger } from 'pino';
import { eventsTopic, segmentsOf, services, topicIn, type Lineage, type Region, type ShardId } from '#contracts';
import { openSettledFeed, type Commit, type FeedCheckpoint, type LogCluster, type OpenSettledFeed, type ShardReading } from '#shard-log';

export interface StrandedReaderOptions {
  readonly here: Region;
  readonly topology: { readonly regions: readonly Region[]; readonly partitions: number };
  readonly cluster: LogCluster;
  readonly log: Logger;
  readonly from: FeedCheckpoint | undefined;
  onStranded(commit: Commit): void;
  /** Everything before it was told. Awaited before more is read. */
  onCheckpoint(checkpoint: FeedCheckpoint): Promise<void>;
}

export type ReadThrough = { readonly done: true } | { readonly done: false; readonly because: string };

/**
 * Reads this region's own logs, with the lineage and the mirrors that the order of terms asks for, and tells the commits that stand in
 * an own segment past the next one's base. It is the feed that every reader of settled commits stands on, so it judges as they do.
 */
export class StrandedReader {
  readonly #options: StrandedReaderOptions;
  readonly #readings = new Map<ShardId, ShardReading>();
  #feed: OpenSettledFeed | undefined;
  #lineage: Lineage | undefined;
  #failure: Error | undefined;

  constructor(options: StrandedReaderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { here, topology, cluster, from, log } = this.#options;
    this.#feed = await openSettledFeed({
      name: 'stranded commits',
      here,
      topology,
      services,
      cluster,
      from,
      onBatch: ({ checkpoint }) => this.#options.onCheckpoint(checkpoint),
      onUnreadable: ({ topic, partition, offset }, reason) => log.debug({ topic, partition, offset, reason }, 'unreadable'), // the projectors park it
      onShardStopped: (shard, reason) => log.warn({ shard, reason }, 'a shard stands still: what it has stranded behind that is not seen'),
      onStopped: (error) => (this.#failure = error),
      observer: {
        onReading: (shard, reading) => this.#readings.set(shard, reading),
        onEvents: (_shard, events) => {
          for (const event of events) if (event.type === 'stranded' && event.position.log === here) this.#options.onStranded(event.commit);
        },
        onLineage: (lineage) => (this.#lineage = lineage),
      },
    });
  }

  /** Why it cannot go on, or undefined. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether everything that stands in the own logs now was judged under a lineage at least as new as this one. */
  async readThrough(lineage: Lineage): Promise<ReadThrough> {
    const feed = this.#feed;
    if (feed === undefined || this.#lineage === undefined || !isAsNew(this.#lineage, lineage)) return notYet('the lineage is being read');
    const topics = services.map((service) => topicIn(this.#options.here, this.#options.here, eventsTopic(service)));
    const described = await this.#options.cluster.describe(topics);
    let left = 0;
    for (const topic of topics) {
      const ends = described.get(topic)?.ends;
      if (ends === undefined) return notYet(`this region's own log ${topic} does not exist`);
      ends.forEach((end, partition) => (left += Math.max(0, end - (feed.nextOffset(topic, partition) ?? 0))));
    }
    if (left > 0) return notYet(`${left} records of this region's own logs are still to be read`);
    const behind = this.#shardsBehind(lineage);
    return behind.length === 0
      ? { done: true }
      : notYet(`waiting for the mirror, to read past this region's own terms of ${behind.join(', ')}`);
  }

  async close(): Promise<void> {
    await this.#feed?.close();
    this.#feed = undefined;
  }

  /** Shards with an own segment that was succeeded and is not read to its end: what is behind it waits. */
  #shardsBehind(lineage: Lineage): readonly string[] {
    return [...this.#readings].flatMap(([shard, reading]) => {
      const own = segmentsOf(lineage, shard)
        .slice(0, -1)
        .findLast(({ owner }) => owner === this.#options.here);
      if (own === undefined || reading.cursor.term > own.term || reading.stopped !== undefined) return [];
      return [shard];
    });
  }
}

const notYet = (because: string): ReadThrough => ({ done: false, because });

/** Lineages only grow at their ends. */
const isAsNew = (known: Lineage, wanted: Lineage): boolean =>
  Object.entries(wanted.shards).every(([shard, segments]) => (known.shards[shard]?.at(-1)?.term ?? 0) >= segments.at(-1)!.term);
