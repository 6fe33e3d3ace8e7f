import { assert } from '#kernel';
import type { Region } from '#contracts';
import {
  decodeReceipts,
  decodeShardRecord,
  DoubtfulAppendError,
  type Appended,
  type NewRecord,
  type ReceiptsRecord,
  type ShardRecord,
  type StoredRecord,
} from '#shard-log';
import type { SeededRandom } from '#test-kit';
import { epochMs, type TimerOwner } from './virtual-timers.ts';

export interface KafkaTopic {
  /** Changes when the topic is created anew. */
  id: number;
  partitions: StoredRecord[][];
}

interface InFlight {
  readonly owner: TimerOwner;
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** What becomes of appends while something is wrong with them: chances from 0 to 1. */
export interface AppendTroubles {
  /** It stands in the log, and its writer is not told. */
  doubt: number;
  /** Its writer is not told, and it comes into the log much later. */
  late: number;
}

/**
 * One region's Kafka: logs, and the appends on their way to it. An append leaves its process at once and arrives when the world lets it,
 * also when the process has died or sleeps meanwhile: that is a zombie's last word.
 */
export class Kafka {
  readonly region: Region;
  readonly topics = new Map<string, KafkaTopic>();
  readonly troubles: AppendTroubles = { doubt: 0, late: 0 };
  isUp = true;
  readonly #random: SeededRandom;
  readonly #nowMs: () => number;
  readonly #onStored: (topic: string, record: StoredRecord) => void;
  #inFlight: InFlight[] = [];
  /** Nobody waits for them any more. */
  #late: InFlight[] = [];
  #unheard: { readonly owner: TimerOwner; readonly answer: () => void }[] = [];
  #ids = 0;

  constructor(region: Region, random: SeededRandom, nowMs: () => number, onStored: (topic: string, record: StoredRecord) => void) {
    this.region = region;
    this.#random = random;
    this.#nowMs = nowMs;
    this.#onStored = onStored;
  }

  create(topic: string, partitions: number): void {
    this.topics.set(topic, { id: ++this.#ids, partitions: Array.from({ length: partitions }, () => []) });
  }

  /** Deleted and created again, empty and with a new id. */
  recreate(topic: string): void {
    const known = this.of(topic); // the same object: readers keep it
    known.id = ++this.#ids;
    known.partitions = known.partitions.map(() => []);
  }

  of(topic: string): KafkaTopic {
    const found = this.topics.get(topic);
    assert(found !== undefined, `${this.region} has a topic ${topic}`);
    return found;
  }

  /** The newest records are gone, as after the loss of a disk that was not replicated. */
  loseTail(topic: string, partition: number, from: number): void {
    this.of(topic).partitions[partition]!.splice(from);
  }

  log(topic: string, partition: number): readonly StoredRecord[] {
    const log = this.of(topic).partitions[partition];
    assert(log !== undefined, `${topic} has a partition ${partition}`);
    return log;
  }

  /** Sends an append on its way. @throws DoubtfulAppendError */
  submit(owner: TimerOwner, topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.isUp) this.#inFlight.push({ owner, topic, partition, records, resolve, reject });
      else reject(new DoubtfulAppendError(`Kafka of ${this.region} is away`, { nothingSent: true }));
    });
  }

  /** Stores at once: what MirrorMaker and the set-up do. */
  store(topic: string, partition: number, records: readonly NewRecord[]): Appended {
    const log = this.of(topic).partitions[partition]!;
    const firstOffset = log.length;
    for (const { key, headers, value } of records) {
      const record = { topic, partition, offset: log.length, timestampMs: epochMs + this.#nowMs(), key, headers, value };
      log.push(record);
      this.#onStored(topic, record);
    }
    return { firstOffset };
  }

  get pending(): number {
    return this.#inFlight.length + this.#late.length;
  }

  /** Lets appends arrive, in any order among connections; `share` of them now. */
  arrive(share: number): void {
    this.#answerAwakened();
    if (!this.isUp) return;
    if (this.#late.length > 0 && this.#random.chance(share * 0.05))
      this.#store(this.#late.splice(this.#random.below(this.#late.length), 1)[0]!);
    if (this.#inFlight.length === 0) return;
    const stays: InFlight[] = [];
    const comes: InFlight[] = [];
    for (const append of this.#inFlight) (this.#random.chance(share) ? comes : stays).push(append);
    this.#inFlight = stays;
    for (const append of comes.length > 1 ? this.#random.shuffled(comes) : comes) this.#arrive(append);
  }

  /** The broker is gone: some of what was on its way stands in the log, nobody is told. */
  lose(): void {
    for (const append of this.#inFlight) {
      if (this.#random.chance(0.5)) this.#store(append);
      append.reject(new DoubtfulAppendError(`Kafka of ${this.region} went away`));
    }
    this.#inFlight = [];
    this.#late = [];
    this.isUp = false;
  }

  #arrive(append: InFlight): void {
    const { doubt, late } = this.troubles;
    const fate = doubt + late > 0 ? this.#random.next() : 1;
    if (fate < late) this.#late.push(append);
    const appended = fate < late ? undefined : this.#store(append);
    const answer = (): void => {
      if (appended === undefined || fate < late + doubt) append.reject(new DoubtfulAppendError('no answer'));
      else append.resolve(appended);
    };
    if (append.owner.isPaused) this.#unheard.push({ owner: append.owner, answer });
    else if (!append.owner.isDead) answer();
  }

  /** Those that slept hear what became of their appends when they go on. */
  #answerAwakened(): void {
    if (this.#unheard.length === 0) return;
    const unheard = this.#unheard;
    this.#unheard = unheard.filter(({ owner }) => owner.isPaused);
    for (const { owner, answer } of unheard) if (!owner.isPaused && !owner.isDead) answer();
  }

  #store({ topic, partition, records }: InFlight): Appended {
    return this.store(topic, partition, records);
  }
}

const shardRecords = new WeakMap<object, ShardRecord>();
const receiptsRecords = new WeakMap<object, ReceiptsRecord>();

/** As the production codec reads it; once per record and its copies, for agents and observers that need no codec of their own. */
export function shardRecordOf(record: StoredRecord): ShardRecord {
  const known = shardRecords.get(record.headers);
  if (known !== undefined) return known;
  const decoded = decodeShardRecord(record);
  assert(decoded.readable, `a record of the world can be read: ${decoded.readable ? '' : decoded.reason}`);
  shardRecords.set(record.headers, decoded.value);
  return decoded.value;
}

export function receiptsRecordOf(record: StoredRecord): ReceiptsRecord {
  const known = receiptsRecords.get(record.headers);
  if (known !== undefined) return known;
  const decoded = decodeReceipts(record);
  assert(decoded.readable, `receipts of the world can be read: ${decoded.readable ? '' : decoded.reason}`);
  receiptsRecords.set(record.headers, decoded.value);
  return decoded.value;
}
