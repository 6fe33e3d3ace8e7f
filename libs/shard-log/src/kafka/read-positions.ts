import { LogChangedError, type ReadFrom, type TopicPartition } from '../cluster.port.ts';
import { BrokerConnectionError } from './broker-connection.ts';
import { ClusterSession, type SessionSettings } from './cluster-session.ts';
import { KafkaResponseError } from './kafka-protocol.ts';
import type { ClusterMetadata } from './topic-metadata.ts';

export interface ReadPosition extends TopicPartition {
  next: number;
  paused: boolean;
}

/** A process that starts beside its broker waits for it rather than end. */
const startPatienceMs = 30_000;

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/** Where a reader stands, and whether the cluster can still serve it from there. */
export class ReadPositions {
  readonly #positions = new Map<string, ReadPosition>();
  readonly #topics: readonly string[];
  readonly #ids = new Map<string, string>();
  #present: ReadonlySet<string> = new Set();

  private constructor(positions: readonly ReadPosition[]) {
    for (const position of positions) this.#positions.set(nameOf(position), position);
    this.#topics = [...new Set(positions.map(({ topic }) => topic))];
  }

  /** Asks for the ends that 'end' names, of a broker that may be starting. */
  static async resolve(settings: SessionSettings, from: readonly ReadFrom[]): Promise<ReadPositions> {
    const open = from.filter(({ offset }) => offset === 'end');
    const deadline = Date.now() + startPatienceMs;
    const ends = open.length === 0 ? new Map<string, number>() : await untilAnswered(deadline, () => endsOf(settings, open));
    return new ReadPositions(
      from.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        // What a topic that does not exist yet will hold all comes after now.
        next: offset === 'end' ? (ends.get(nameOf({ topic, partition })) ?? 0) : offset,
        paused: false,
      })),
    );
  }

  of(topic: string, partition: number): ReadPosition | undefined {
    return this.#positions.get(nameOf({ topic, partition }));
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#mark(partitions, false);
  }

  nextOffsets(): ReadonlyMap<string, number> {
    return new Map([...this.#positions].map(([name, { next }]) => [name, next]));
  }

  /** Those of topics that existed at the last `verify`. */
  present(): readonly ReadPosition[] {
    return [...this.#positions.values()].filter(({ topic }) => this.#present.has(topic));
  }

  someMissing(): boolean {
    return this.#present.size < this.#topics.length;
  }

  async turnedUp(session: ClusterSession): Promise<boolean> {
    const missing = this.#topics.filter((topic) => !this.#present.has(topic));
    return (await session.metadata(missing)).topics.size > 0;
  }

  /** Finds the topics that exist, and moves positions that the log no longer reaches back to. Throws LogChangedError. */
  async verify(session: ClusterSession): Promise<ClusterMetadata> {
    const cluster = await session.metadata(this.#topics);
    for (const [topic, { id }] of cluster.topics) {
      const known = this.#ids.get(topic) ?? id;
      if (known !== id) throw new LogChangedError(`${topic} was created anew (${known} is now ${id})`);
      this.#ids.set(topic, id);
      const positions = [...this.#positions.values()].filter((position) => position.topic === topic);
      const ranges = await session.ranges(
        cluster,
        topic,
        positions.map(({ partition }) => partition),
      );
      for (const position of positions) {
        const { start, end } = ranges.get(position.partition)!;
        if (position.next > end) throw new LogChangedError(`${nameOf(position)} ends at ${end}, before the position ${position.next}`);
        position.next = Math.max(position.next, start);
      }
    }
    this.#present = new Set(cluster.topics.keys());
    return cluster;
  }

  #mark(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const partition of partitions) {
      const position = this.#positions.get(nameOf(partition));
      if (position === undefined) throw new Error(`${nameOf(partition)} is not read here`);
      position.paused = paused;
    }
  }
}

async function endsOf(settings: SessionSettings, open: readonly TopicPartition[]): Promise<Map<string, number>> {
  const session = new ClusterSession(settings);
  try {
    const byTopic = Map.groupBy(open, ({ topic }) => topic);
    const cluster = await session.metadata([...byTopic.keys()]);
    const ends = new Map<string, number>();
    for (const topic of cluster.topics.keys()) {
      const partitions = byTopic.get(topic)!.map(({ partition }) => partition);
      for (const [partition, { end }] of await session.ranges(cluster, topic, partitions)) ends.set(nameOf({ topic, partition }), end);
    }
    return ends;
  } finally {
    session.end();
  }
}

async function untilAnswered<T>(deadline: number, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof BrokerConnectionError || error instanceof KafkaResponseError;
      if (!passing || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
