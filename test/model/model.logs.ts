import type { Region } from '#contracts';
import type { ReceiptsRecord, ShardRecord } from '#shard-log';

/** A copy of another region's log in this cluster: at least once, in order, and now and then from further back again. */
export class ModelMirror<Rec> {
  readonly copy: Rec[] = [];
  readonly #source: readonly Rec[];
  #next = 0;

  constructor(source: readonly Rec[]) {
    this.#source = source;
  }

  get behind(): number {
    return this.#source.length - this.#next;
  }

  pull(recordsMax: number): void {
    const upTo = Math.min(this.#source.length, this.#next + recordsMax);
    while (this.#next < upTo) this.copy.push(this.#source[this.#next++]!);
  }

  /** What was copied since comes again. */
  rewind(records: number): void {
    this.#next = Math.max(0, this.#next - records);
  }

  /** Dropped, and created anew: nothing is copied yet. */
  recreate(): void {
    this.copy.length = 0;
    this.#next = 0;
  }
}

/** One region's Kafka: its own events and receipts, and the mirrors of all others'. */
export class ModelCluster {
  readonly region: Region;
  readonly ownEvents: ShardRecord[] = [];
  readonly ownReceipts: ReceiptsRecord[] = [];
  readonly events = new Map<Region, ModelMirror<ShardRecord>>();
  readonly receipts = new Map<Region, ModelMirror<ReceiptsRecord>>();

  constructor(region: Region) {
    this.region = region;
  }

  mirror(other: ModelCluster): void {
    this.events.set(other.region, new ModelMirror(other.ownEvents));
    this.receipts.set(other.region, new ModelMirror(other.ownReceipts));
  }

  eventsOf(origin: Region): readonly ShardRecord[] {
    return origin === this.region ? this.ownEvents : this.events.get(origin)!.copy;
  }

  receiptsOf(origin: Region): readonly ReceiptsRecord[] {
    return origin === this.region ? this.ownReceipts : this.receipts.get(origin)!.copy;
  }
}
