import type { LogCluster } from '#shard-log';
import { partitionKey, type SourceTopic } from './source-topic.ts';

export interface TopicStatus {
  readonly topic: string;
  readonly exists: boolean;
  /** Records in the topic that this agent has not read, over all partitions. */
  readonly lagRecords: number;
}

/** A topic that now has another id. The reader notes the id when it has gone back to the topic's start, not before. */
export interface Recreated {
  readonly source: SourceTopic;
  readonly id: string;
}

interface PartitionSeen {
  readonly next: number;
  readonly end: number;
  /** Probes in a row in which records waited and none was read. */
  readonly still: number;
}

const stillMax = 3;

/** What the topics look like from time to time: are they there, are they still the same, how far behind are we, does it move? */
export class TopicProbe {
  readonly topicIds: Map<string, string>;
  readonly #cluster: LogCluster;
  readonly #seen = new Map<string, PartitionSeen>();
  #status: readonly TopicStatus[] = [];
  #problem: string | undefined = 'the logs were not probed yet';

  constructor(cluster: LogCluster, topicIds: Map<string, string>) {
    this.#cluster = cluster;
    this.topicIds = topicIds;
  }

  /** Answers the topics whose id has changed since the last time, a restart included. */
  async ask(sources: readonly SourceTopic[], next: ReadonlyMap<string, number>): Promise<readonly Recreated[]> {
    const recreated: Recreated[] = [];
    const status: TopicStatus[] = [];
    const found = await this.#cluster.describe(sources.map(({ topic }) => topic));
    for (const source of sources) {
      const described = found.get(source.topic);
      if (described === undefined) {
        status.push({ topic: source.topic, exists: false, lagRecords: 0 });
        continue;
      }
      const { id, ends } = described;
      const known = this.topicIds.get(source.topic);
      if (known !== undefined && known !== id) recreated.push({ source, id });
      else this.topicIds.set(source.topic, id);
      ends.forEach((end, partition) => this.#see(partitionKey({ topic: source.topic, partition }), next, end));
      const lagRecords = ends.reduce(
        (lag, end, partition) => lag + Math.max(0, end - (next.get(partitionKey({ topic: source.topic, partition })) ?? 0)),
        0,
      );
      status.push({ topic: source.topic, exists: true, lagRecords });
    }
    this.#status = status;
    const missing = status.filter(({ exists }) => !exists).map(({ topic }) => topic);
    this.#problem = missing.length > 0 ? `missing: ${missing.join(', ')}` : undefined;
    return recreated;
  }

  failed(reason: string): void {
    this.#problem = reason;
  }

  /** Partitions in which records have waited for several probes while none was read, but for those held on purpose. */
  stuck(held: readonly string[]): readonly string[] {
    const stuck = [...this.#seen].filter(([key, { still }]) => still >= stillMax && !held.includes(key)).map(([key]) => key);
    for (const key of stuck) this.#seen.delete(key);
    return stuck;
  }

  /** Ends of the partitions as of the last time. */
  ends(): Map<string, number> {
    return new Map([...this.#seen].map(([key, { end }]) => [key, end]));
  }

  status(): readonly TopicStatus[] {
    return this.#status;
  }

  problem(): string | undefined {
    return this.#problem;
  }

  #see(key: string, nextOffsets: ReadonlyMap<string, number>, end: number): void {
    const next = nextOffsets.get(key) ?? 0;
    const before = this.#seen.get(key);
    const stands = before !== undefined && before.next === next && end > next;
    this.#seen.set(key, { next, end, still: stands ? before.still + 1 : 0 });
  }
}
