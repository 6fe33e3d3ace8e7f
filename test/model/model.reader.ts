import type { Region, ShardId } from '#contracts';
import { ReceiptsFold, type ShardView, type StoredLineage } from '#regions';
import { ShardReading, type Commit, type Receipt, type ReadingEvent } from '#shard-log';
import type { ModelCluster } from './model.logs.ts';

export interface ReaderObserver {
  settled(shard: ShardId, commit: Commit, durability: 'global' | 'regional'): void;
  stopped(shard: ShardId, reason: string): void;
}

/** One process's reading of all logs that stand in one cluster, by the real `ShardReading`; each log at its own pace. */
export class ModelReader {
  readonly cluster: ModelCluster;
  readonly readings = new Map<ShardId, ShardReading>();
  readonly folds = new Map<Region, ReceiptsFold>();
  readonly #observer: ReaderObserver;
  readonly #regions: readonly Region[];
  readonly #eventsAt = new Map<Region, number>();
  readonly #receiptsAt = new Map<Region, number>();
  readonly #onEvent: (shard: ShardId, event: ReadingEvent) => void;
  revision = 0;

  constructor(
    cluster: ModelCluster,
    regions: readonly Region[],
    shards: readonly ShardId[],
    observer: ReaderObserver,
    onEvent: (shard: ShardId, event: ReadingEvent) => void = () => {},
  ) {
    this.cluster = cluster;
    this.#regions = regions;
    this.#observer = observer;
    this.#onEvent = onEvent;
    for (const shard of shards) this.readings.set(shard, new ShardReading(shard));
    for (const region of regions) this.folds.set(region, new ReceiptsFold(region));
  }

  learn({ revision, lineage }: StoredLineage): void {
    if (revision <= this.revision) return;
    this.revision = revision;
    for (const [shard, reading] of this.readings) this.#note(shard, reading.learn(lineage.shards[shard]!));
  }

  readEvents(origin: Region, recordsMax = Infinity): void {
    const log = this.cluster.eventsOf(origin);
    const from = this.#eventsAt.get(origin) ?? 0;
    const upTo = Math.min(log.length, from + recordsMax);
    for (let offset = from; offset < upTo; offset++) {
      const record = log[offset]!;
      this.#note(record.shard, this.readings.get(record.shard)!.record({ log: origin, offset }, record));
    }
    this.#eventsAt.set(origin, upTo);
  }

  readReceipts(origin: Region, recordsMax = Infinity): void {
    const log = this.cluster.receiptsOf(origin);
    const from = this.#receiptsAt.get(origin) ?? 0;
    const upTo = Math.min(log.length, from + recordsMax);
    for (const record of log.slice(from, upTo)) {
      this.folds.get(origin)!.take(record);
      for (const [shard, reading] of this.readings) this.#note(shard, reading.receipts(origin, record));
    }
    this.#receiptsAt.set(origin, upTo);
  }

  readAll(): void {
    for (const region of this.#regions) {
      this.readReceipts(region);
      this.readEvents(region);
    }
  }

  /** What this region's agent may receipt: of shards that it mirrors, once their history is read up to their base. */
  receiptable(): readonly Receipt[] {
    return [...this.readings].flatMap(([shard, reading]) => {
      const last = reading.lastSegment;
      const here = this.cluster.region;
      if (last === undefined || last.mirror !== here || last.owner === here || reading.stopped !== undefined) return [];
      const { term, generation, writer, seq } = reading.cursor;
      return term === last.term ? [{ shard, term, generation, writer, seq }] : [];
    });
  }

  /** What the procedures are shown of each shard of `stored`. */
  shardViews({ lineage }: StoredLineage): ReadonlyMap<ShardId, ShardView> {
    return new Map(
      [...this.readings].map(([shard, reading]) => {
        const last = lineage.shards[shard]!.at(-1)!;
        const { term, seq, closed } = reading.cursor;
        const isRead = term === last.term && reading.stopped === undefined;
        return [
          shard,
          {
            log: isRead ? { acceptedSeq: seq, closedAt: closed ? seq : undefined } : undefined,
            receiptedSeq: this.folds.get(last.mirror)!.highest(shard, last),
          },
        ];
      }),
    );
  }

  #note(shard: ShardId, events: readonly ReadingEvent[]): void {
    for (const event of events) {
      if (event.type === 'settled') this.#observer.settled(shard, event.commit, event.durability);
      else if (event.type === 'stopped') this.#observer.stopped(shard, event.reason);
      this.#onEvent(shard, event);
    }
  }
}
