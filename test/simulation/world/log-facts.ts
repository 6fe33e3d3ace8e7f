import { eventsTopic, services, type Region, type ShardId } from '#contracts';
import type { StoredRecord } from '#shard-log';
import { receiptsRecordOf, shardRecordOf } from './kafka.ts';
import { Holders } from './shown-history.ts';
import type { Trace } from './trace.ts';

const ownEvents: ReadonlySet<string> = new Set(services.map(eventsTopic));

/** What stands in the logs, noted as it is stored: where procedures are, who holds which commit; and the trace of it. */
export class LogFacts {
  readonly holders = new Holders();
  readonly #trace: Trace;
  readonly #cuts = new Map<Region, number>();
  readonly #closedTerms = new Map<ShardId, number>();
  readonly #openedTerms = new Map<ShardId, number>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** The highest cut in the region’s own receipts; 0: none. */
  cutOf(region: Region): number {
    return this.#cuts.get(region) ?? 0;
  }

  /** The newest term of which a close stands in some log; undefined: none. */
  closedTermOf(shard: ShardId): number | undefined {
    return this.#closedTerms.get(shard);
  }

  /** The newest term that a writer has fenced. */
  openedTermOf(shard: ShardId): number | undefined {
    return this.#openedTerms.get(shard);
  }

  note(region: Region, topic: string, record: StoredRecord): void {
    if (topic === 'receipts') {
      if (!this.#noteReceipts(region, record)) return;
    } else if (ownEvents.has(topic)) this.#noteEvent(region, record);
    else {
      if (topic.endsWith('.events')) this.#noteHolder(region, record);
      return;
    }
    this.#trace.noteParts(
      region,
      topic,
      record.offset,
      () => `${region} ${topic} ${record.partition}:${record.offset} ${textOf(topic, record)}`,
    );
  }

  /** False: a mere beat. */
  #noteReceipts(region: Region, record: StoredRecord): boolean {
    const receipts = receiptsRecordOf(record);
    if (receipts.kind === 'receipts') return receipts.receipts.length > 0;
    this.#cuts.set(region, Math.max(receipts.term, this.cutOf(region)));
    return true;
  }

  #noteEvent(region: Region, record: StoredRecord): void {
    const event = shardRecordOf(record);
    if (event.kind === 'commit') return this.holders.note(region, event);
    const terms = event.kind === 'close' ? this.#closedTerms : this.#openedTerms;
    terms.set(event.shard, Math.max(event.term, terms.get(event.shard) ?? 0));
  }

  #noteHolder(region: Region, record: StoredRecord): void {
    const event = shardRecordOf(record);
    if (event.kind === 'commit') this.holders.note(region, event);
  }
}

function textOf(topic: string, record: StoredRecord): string {
  if (topic === 'receipts') {
    const receipts = receiptsRecordOf(record);
    if (receipts.kind === 'cut') return `cut ${receipts.term}`;
    return receipts.receipts.map(({ shard, term, generation, seq }) => `${shard} (${term},${generation},${seq})`).join(' ');
  }
  const event = shardRecordOf(record);
  if (event.kind === 'close') return `${event.shard} close ${event.term}`;
  const at = `${event.shard} (${event.term},${event.generation})`;
  return event.kind === 'fence' ? `${at} fence, base ${event.base}` : `${at} commit ${event.seq} ${event.cause} ${typesIn(event.body)}`;
}

const typesIn = (body: string): string => (JSON.parse(body) as { events: { type: string }[] }).events.map(({ type }) => type).join('+');
