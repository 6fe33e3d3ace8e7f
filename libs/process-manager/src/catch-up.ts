import { eventsTopic, topicIn, type Region, type Service, type ShardId } from '#contracts';
import type { LogCluster } from '#shard-log';

/** Offset after the last record of each partition, by topic as named in this region's cluster. */
export type LogEnds = ReadonlyMap<string, readonly number[]>;

/** Every topic that decides what is settled for these services. */
export const topicsOf = (here: Region, regions: readonly Region[], services: readonly Service[]): readonly string[] => [
  ...regions.flatMap((log) => services.map((service) => topicIn(here, log, eventsTopic(service)))),
  ...regions.map((by) => topicIn(here, by, 'receipts')),
  'lineage',
];

/** Topics that do not exist yet hold nothing to catch up with. @throws when Kafka cannot be asked */
export async function endsOf(cluster: Pick<LogCluster, 'describe'>, topics: readonly string[]): Promise<LogEnds> {
  return new Map([...(await cluster.describe(topics))].map(([topic, { ends }]) => [topic, ends]));
}

export interface CatchUpOptions {
  /** The ends of the logs when the leadership began. */
  readonly ends: LogEnds;
  /** Undefined: the partition is not read. */
  readonly nextOffset: (topic: string, partition: number) => number | undefined;
  /** Seq of the newest commit of each shard that the feed has handed over so far. */
  readonly handedOver: () => Readonly<Record<ShardId, number>>;
  /** Seq of each shard that is stored. */
  readonly stored: () => Promise<Readonly<Record<ShardId, number>>>;
  readonly nowMs: () => number;
  /** A partition that waits for another region's log may wait as long as the link is cut: so long without a record, and it is not waited for. */
  readonly heldBackMs: number;
}

/** Whether all that stood in the logs when the leadership began is read and stored. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  #target: Readonly<Record<ShardId, number>> | undefined;
  #read = -1;
  #movedAtMs = 0;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  async isDone(): Promise<boolean> {
    if (this.#target === undefined && this.#hasRead()) this.#target = { ...this.#options.handedOver() };
    if (this.#target === undefined) return false;
    const stored = await this.#options.stored();
    return Object.entries(this.#target).every(([shard, seq]) => (stored[shard as ShardId] ?? 0) >= seq);
  }

  #hasRead(): boolean {
    const { ends, nextOffset, nowMs, heldBackMs } = this.#options;
    let [read, missing] = [0, 0];
    for (const [topic, partitions] of ends)
      partitions.forEach((end, partition) => {
        const next = nextOffset(topic, partition) ?? end;
        read += next;
        missing += Math.max(0, end - next);
      });
    if (missing === 0) return true;
    if (read !== this.#read) this.#movedAtMs = nowMs();
    this.#read = read;
    return nowMs() - this.#movedAtMs >= heldBackMs;
  }
}
