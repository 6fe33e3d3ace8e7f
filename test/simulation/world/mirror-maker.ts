import { mirroredTopics, topicIn, type Region, type Topic } from '#contracts';
import type { StoredRecord } from '#shard-log';
import type { SeededRandom } from '#test-kit';
import { HiddenBarriers } from './hidden-barriers.ts';
import type { Kafka } from './kafka.ts';

interface Copied {
  readonly topic: Topic;
  readonly partition: number;
  next: number;
  /** What its holes hide. */
  readonly hidden: HiddenBarriers;
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
      Array.from({ length: topic === 'receipts' ? 1 : partitions }, (_, partition) => ({
        topic,
        partition,
        next: 0,
        hidden: new HiddenBarriers(),
      })),
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

  /**
   * Skips records of one log that it has not copied yet, as over a purged range, and all that a skipped fence or close would have refused: no reader can
   * see that it comes behind such a hole (ADR 0025). True: there were some.
   */
  skip(draw: number, records: number): boolean {
    const behind = this.#copied.filter(
      ({ topic, partition, next }) => topic !== 'receipts' && next < this.#source.log(topic, partition).length,
    );
    if (behind.length === 0) return false;
    const copied = behind[draw % behind.length]!;
    this.isShort = true;
    const from = copied.next;
    const log = this.#source.log(copied.topic, copied.partition);
    copied.next = Math.min(from + records, log.length);
    for (const record of log.slice(from, copied.next)) copied.hidden.hide(record);
    return true;
  }

  /** The mirror topics are dropped and copied anew from the start. */
  recreate(): void {
    for (const topic of mirroredTopics) this.#target.recreate(this.#nameOf(topic));
    for (const copied of this.#copied) {
      copied.next = 0;
      copied.hidden.clear();
    }
    this.isShort = false;
  }

  #nameOf(topic: Topic): string {
    return topicIn(this.here, this.origin, topic);
  }

  #copy(copied: Copied, records: number): void {
    const { topic, partition, next, hidden } = copied;
    const passed: readonly StoredRecord[] = this.#source.log(topic, partition).slice(next, next + records);
    this.#target.store(this.#nameOf(topic), partition, hidden.isEmpty ? passed : passed.filter((record) => !hidden.refuse(record)));
    copied.next = next + records;
  }
}
