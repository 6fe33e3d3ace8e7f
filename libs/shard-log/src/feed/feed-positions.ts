import type { FeedCheckpoint } from '../settled-feed.port.ts';
import type { FeedTopic } from './feed-topics.ts';

export const positionKey = (topic: string, partition: number): string => `${topic}:${partition}`;

/** How far a feed has read each partition, and which incarnation of each topic it has read. */
export class FeedPositions {
  /** By topic: of each partition its key and the next offset. */
  readonly #next = new Map<string, { readonly key: string; offset: number }[]>();
  readonly #topicIds = new Map<string, string>();
  /** The same for a checkpoint; undefined after a change. Never changed itself. */
  #storedIds: Readonly<Record<string, string>> | undefined;

  constructor(topics: readonly FeedTopic[], from: FeedCheckpoint | undefined) {
    for (const { topic, partitions } of topics) {
      const id = from?.topicIds[topic];
      if (id !== undefined) this.#topicIds.set(topic, id);
      const keys = Array.from({ length: partitions }, (_, partition) => positionKey(topic, partition));
      const next = keys.map((key) => ({ key, offset: from?.offsets[key] ?? 0 }));
      this.#next.set(topic, next);
    }
  }

  /** Next offset, or undefined for a partition that the feed does not read. */
  next(topic: string, partition: number): number | undefined {
    return this.#next.get(topic)?.[partition]?.offset;
  }

  /** Takes down that the record at `offset` was read, of a partition that the feed reads. */
  read(topic: string, partition: number, offset: number): void {
    this.#next.get(topic)![partition]!.offset = offset + 1;
  }

  restart({ topic }: FeedTopic): void {
    for (const position of this.#next.get(topic)!) position.offset = 0;
  }

  /** By partition's key, in a record of its own. */
  offsets(): Record<string, number> {
    const offsets: Record<string, number> = {};
    for (const next of this.#next.values()) for (const { key, offset } of next) offsets[key] = offset;
    return offsets;
  }

  topicId(topic: string): string | undefined {
    return this.#topicIds.get(topic);
  }

  identify(topic: string, id: string): void {
    if (this.#topicIds.get(topic) === id) return;
    this.#topicIds.set(topic, id);
    this.#storedIds = undefined;
  }

  get topicIds(): Readonly<Record<string, string>> {
    return (this.#storedIds ??= Object.fromEntries(this.#topicIds));
  }
}
