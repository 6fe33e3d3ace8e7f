import { assert } from '#kernel';
import { eventsTopic, mirroredTopics, services, topicIn, type Region } from '#contracts';
import { ReceiptsFold } from '#regions';
import type { StoredRecord } from '#shard-log';
import type { SeededRandom } from '#test-kit';
import type { Heard } from '../../../apps/region-agent/src/logs/region-logs.ts';
import type { ReceiptCheckpoint } from '../../../apps/region-agent/src/receipts/checkpoint.store.ts';
import type { ReceiptLedger } from '../../../apps/region-agent/src/receipts/receipt-ledger.ts';
import { receiptsRecordOf, shardRecordOf, type Kafka } from './kafka.ts';

interface Source {
  readonly origin: Region;
  readonly topic: string;
  readonly partition: number;
  readonly service: (typeof services)[number] | undefined;
  next: number;
  id: number;
}

/**
 * All logs that an agent follows, read straight from the world's Kafka, each partition at its own pace. It stands in for `RegionLogs` and
 * `LogTail`, which poll and reconnect; what is read goes where theirs goes, to the ledger and the folds.
 */
export class AgentLogs {
  readonly #kafka: Kafka;
  readonly #ledger: ReceiptLedger;
  readonly #nowMs: () => number;
  readonly #sources: readonly Source[];
  readonly #folds: ReadonlyMap<Region, ReceiptsFold>;
  readonly #heard = new Map<Region, Heard>();
  /** Where the logs ended when this agent began. */
  readonly #ends: readonly number[];

  constructor(options: {
    readonly kafka: Kafka;
    readonly regions: readonly Region[];
    readonly partitions: number;
    readonly ledger: ReceiptLedger;
    readonly from: ReceiptCheckpoint | undefined;
    readonly nowMs: () => number;
  }) {
    const { kafka, regions, partitions, ledger, from, nowMs } = options;
    this.#kafka = kafka;
    this.#ledger = ledger;
    this.#nowMs = nowMs;
    this.#folds = new Map(regions.map((region) => [region, new ReceiptsFold(region, from?.receipts[region])]));
    this.#sources = regions.flatMap((origin) =>
      mirroredTopics.flatMap((name) => {
        const topic = topicIn(kafka.region, origin, name);
        const service = services.find((each) => eventsTopic(each) === name);
        return Array.from({ length: service === undefined ? 1 : partitions }, (_, partition): Source => {
          // That a topic was created anew since the checkpoint is noticed when it is first read.
          const id = Number(from?.topicIds[topic] ?? kafka.of(topic).id);
          return { origin, topic, partition, service, next: from?.offsets[keyOf({ topic, partition })] ?? 0, id };
        });
      }),
    );
    this.#ends = this.#sources.map(({ topic, partition }) => kafka.log(topic, partition).length);
  }

  receiptsOf(region: Region): ReceiptsFold {
    return this.#folds.get(region)!;
  }

  heardOf(region: Region): Heard | undefined {
    return this.#heard.get(region);
  }

  get isCurrent(): boolean {
    return this.#sources.every(({ next }, index) => next >= this.#ends[index]!);
  }

  get lagRecords(): number {
    return this.#sources.reduce((sum, { topic, partition, next }) => sum + Math.max(0, this.#kafka.log(topic, partition).length - next), 0);
  }

  /** Reads everything; or, with `random`, some of it. True: something was read. */
  read(random?: SeededRandom): boolean {
    let any = false;
    for (const source of random === undefined ? this.#sources : random.shuffled(this.#sources)) {
      const topic = this.#kafka.of(source.topic);
      if (topic.id !== source.id) this.#readAnew(source, topic.id);
      const log = topic.partitions[source.partition]!;
      const end = random === undefined || random.chance(0.5) ? log.length : Math.min(log.length, source.next + random.below(4));
      for (; source.next < end; source.next++, any = true) this.#take(source, log[source.next]!);
    }
    this.#ledger.takeEvents(); // the world has no partitions that must be paused, and stopped shards are seen by their readers
    return any;
  }

  checkpoint(): ReceiptCheckpoint {
    const offsets: Record<string, number> = {};
    const topicIds: Record<string, string> = {};
    for (const source of this.#sources) {
      const { origin, topic, partition, service, next, id } = source;
      const needed = service === undefined ? undefined : this.#ledger.neededFrom(origin, service, partition);
      offsets[keyOf(source)] = Math.min(next, needed ?? next);
      topicIds[topic] = String(id);
    }
    const receipts = Object.fromEntries([...this.#folds].map(([region, fold]) => [region, fold.stored()]));
    return { version: 2, offsets, topicIds, ledger: this.#ledger.state(), receipts };
  }

  /** Shards were added to what is followed: their logs are read again from the start. */
  readAgain(logs: ReadonlySet<Region>): void {
    for (const source of this.#sources) if (source.service !== undefined && logs.has(source.origin)) source.next = 0;
  }

  /** The whole topic was created anew, and is told so once. */
  #readAnew({ topic, origin, service }: Source, id: number): void {
    for (const source of this.#sources) if (source.topic === topic) [source.id, source.next] = [id, 0];
    if (service !== undefined) this.readAgain(this.#ledger.rereadFromStart(origin, service));
  }

  #take({ origin, service }: Source, record: StoredRecord): void {
    if (service !== undefined) return this.#ledger.record({ log: origin, offset: record.offset }, shardRecordOf(record));
    const receipts = receiptsRecordOf(record);
    assert(receipts.by === origin, 'receipts stand in the log of who gives them');
    this.#folds.get(origin)!.take(receipts);
    this.#ledger.receipts(origin, receipts);
    this.#heard.set(origin, { atMs: this.#nowMs(), writtenAtMs: record.timestampMs });
  }
}

const keyOf = ({ topic, partition }: Pick<Source, 'topic' | 'partition'>): string => `${topic}:${partition}`;
