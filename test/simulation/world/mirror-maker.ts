import { mirroredTopics, topicIn, type Region, type Topic } from '#contracts';
import type { SeededRandom } from '#test-kit';
import type { Kafka } from './kafka.ts';

interface Copied {
  readonly topic: Topic;
  readonly partition: number;
  next: number;
}

/**
 * MirrorMaker of one region for one origin: copies that region's logs into this one's cluster, each partition in order and at its own pace,
 * at least once. What it skips it does not tell.
 */
export class MirrorMaker {
  readonly here: Region;
  readonly origin: Region;
  readonly #source: Kafka;
  readonly #target: Kafka;
  readonly #copied: readonly Copied[];
  isStopped = false;
  /** Records were skipped: what reads this mirror may stand still until it is made anew. */
  isShort = false;
  /** It comes by rarely. */
  isSlow = false;

  constructor(source: Kafka, target: Kafka, partitions: number) {
    this.here = target.region;
    this.origin = source.region;
    this.#source = source;
    this.#target = target;
    this.#copied = mirroredTopics.flatMap((topic) =>
      Array.from({ length: topic === 'receipts' ? 1 : partitions }, (_, partition) => ({ topic, partition, next: 0 })),
    );
    for (const topic of mirroredTopics) target.create(this.#nameOf(topic), topic === 'receipts' ? 1 : partitions);
  }

  get isBehind(): boolean {
    return this.#copied.some((copied) => copied.next < this.#source.log(copied.topic, copied.partition).length);
  }

  /** Copies some of what is new; `share` of the partitions now. */
  pull(random: SeededRandom, share: number): void {
    if (this.isStopped || !this.#source.isUp || !this.#target.isUp) return;
    for (const copied of this.#copied) {
      const behind = this.#source.log(copied.topic, copied.partition).length - copied.next;
      if (behind > 0 && random.chance(this.isSlow ? share * 0.05 : share))
        this.#copy(copied, share >= 1 || random.chance(0.7) ? behind : 1 + random.below(behind));
    }
  }

  /** Restarted from an older offset: what was copied comes again, in order. */
  rewind(records: number): void {
    for (const copied of this.#copied) copied.next = Math.max(0, copied.next - records);
  }

  /** Skips records of one log that it has not copied yet, as over a purged range. True: there were some. */
  skip(draw: number, records: number): boolean {
    const behind = this.#copied.filter(
      ({ topic, partition, next }) => topic !== 'receipts' && next < this.#source.log(topic, partition).length,
    );
    if (behind.length === 0) return false;
    const copied = behind[draw % behind.length]!;
    this.isShort = true;
    copied.next = Math.min(copied.next + records, this.#source.log(copied.topic, copied.partition).length);
    return true;
  }

  /** The mirror topics are dropped and copied anew from the start. */
  recreate(): void {
    for (const topic of mirroredTopics) this.#target.recreate(this.#nameOf(topic));
    for (const copied of this.#copied) copied.next = 0;
    this.isShort = false;
  }

  #nameOf(topic: Topic): string {
    return topicIn(this.here, this.origin, topic);
  }

  #copy(copied: Copied, records: number): void {
    const { topic, partition, next } = copied;
    this.#target.store(this.#nameOf(topic), partition, this.#source.log(topic, partition).slice(next, next + records));
    copied.next = next + records;
  }
}
