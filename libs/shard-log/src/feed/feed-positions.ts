import type { FeedCheckpoint } from '../settled-feed.port.ts';
import type { FeedTopic } from './feed-topics.ts';

export const positionKey = (topic: string, partition: number): string => `${topic}:${partition}`;

/** How far a feed has read each partition, and which incarnation of each topic it has read. */
export class FeedPositions {
  readonly #next = new Map<string, number>();
  readonly #topicIds = new Map<string, string>();

  constructor(topics: readonly FeedTopic[], from: FeedCheckpoint | undefined) {
    for (const { topic, partitions } of topics) {
      const id = from?.topicIds[topic];
      if (id !== undefined) this.#topicIds.set(topic, id);
      for (let partition = 0; partition < partitions; partition++) {
        const key = positionKey(topic, partition);
        this.#next.set(key, from?.offsets[key] ?? 0);
      }
    }
  }

  /** Next offset, or undefined for a partition that the feed does not read. */
  next(topic: string, partition: number): number | undefined {
    return this.#next.get(positionKey(topic, partition));
  }

  /** Takes down that the record at `offset` was read. */
  read(topic: string, partition: number, offset: number): void {
    this.#next.set(positionKey(topic, partition), offset + 1);
  }

  restart({ topic, partitions }: FeedTopic): void {
    for (let partition = 0; partition < partitions; partition++) this.#next.set(positionKey(topic, partition), 0);
  }

  get all(): ReadonlyMap<string, number> {
    return this.#next;
  }

  topicId(topic: string): string | undefined {
    return this.#topicIds.get(topic);
  }

  identify(topic: string, id: string): void {
    this.#topicIds.set(topic, id);
  }

  get topicIds(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#topicIds);
  }
}
