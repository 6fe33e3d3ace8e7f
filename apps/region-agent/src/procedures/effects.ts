import { assertNever } from '#kernel';
import { eventsTopic, shardOf, type Lineage, type Region, type ShardId } from '#contracts';
import { isCovered, swapAndReadBack, type LineageStore, type Step, type StoredLineage } from '#regions';
import { encodeShardRecord, type Appender, type LogCluster, type NewRecord, type PartitionBatch } from '#shard-log';
import type { ReceiptWriter } from '../receipts/receipt-writer.ts';
import { shardViewOf, type ShardViewParts } from '../view/shard-view.ts';
import { Wake } from '../wake.ts';

export interface EffectsOptions {
  readonly here: Region;
  readonly cluster: LogCluster;
  readonly lineageStore: LineageStore;
  /** Of what leads: what is looked at, and who writes the cut. */
  readonly parts: ShardViewParts & { readonly writer: Pick<ReceiptWriter, 'cut'> };
  /** The lineage was changed, or may have been. */
  readonly onSwapped: () => void;
}

type CloseStep = Extract<Step, { readonly step: 'close' }>;
type Close = CloseStep['shards'][number];

/** One append or its echo. Kafka's client gives up after that time by itself. */
const appendWithinMs = 6_000;
const readBackWithinMs = 3_000;
/**
 * How long a handoff waits for receipts to cover all its closes, so that one swap hands them over together. Receipts come a mirror delay
 * after the closes, within some ten ms of each other; a second swap was seen to come 200 to 800 ms after the first.
 */
const receiptsTogetherWithinMs = 150;
const swapAttemptsMax = 2;

/**
 * Carries out one step of a procedure, and reads back what it wrote. `undefined`: done. A text: not done, or in doubt, and why; the agent then looks
 * anew, for what was written in doubt is found in the logs or in etcd, and everything here may happen twice.
 */
export class Effects {
  readonly #options: EffectsOptions;
  readonly #looked = new Wake();
  readonly #stopping = new AbortController();
  #appender: Appender | undefined;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  async perform(step: Step, before: StoredLineage): Promise<string | undefined> {
    switch (step.step) {
      case 'rest':
        return undefined;
      case 'claim':
      case 'swap':
        return this.#swap(step, before);
      case 'cut':
        return this.#cut(step.term);
      case 'close':
        return this.#close(step, before.lineage);
      default:
        return assertNever(step);
    }
  }

  /** Own logs or receipts were read: what is waited for may be there. */
  looked(): void {
    this.#looked.wake();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close();
  }

  async #swap(step: Extract<Step, { readonly step: 'claim' | 'swap' }>, before: StoredLineage): Promise<string | undefined> {
    if (before.revision !== step.expectedRevision)
      return `the step was computed from revision ${step.expectedRevision}, not ${before.revision}`;
    const swapping = swapAndReadBack(this.#options.lineageStore, before, step.lineage, { attemptsMax: swapAttemptsMax });
    const answer = await swapping.finally(this.#options.onSwapped);
    switch (answer.outcome) {
      case 'stored':
        return undefined;
      case 'conflict':
        return `another change of the lineage came first (revision ${answer.current?.revision ?? 'none'})`;
      case 'unknown':
        return `whether the lineage was changed is unknown: ${answer.reason}`;
      default:
        return assertNever(answer);
    }
  }

  async #cut(term: number): Promise<string | undefined> {
    const { here, parts } = this.#options;
    const { writer, logs } = parts;
    await within(appendWithinMs, 'the cut was not acknowledged', writer.cut(term));
    const isThere = await this.#until(() => (logs.receiptsOf(here).cut ?? 0) >= term, readBackWithinMs);
    return isThere ? undefined : `the cut was not read back within ${readBackWithinMs} ms`;
  }

  async #close({ shards: closes, procedure }: CloseStep, lineage: Lineage): Promise<string | undefined> {
    // In one request: from its own close on a shard takes no writes, and all of them go on with one swap.
    await this.#append(byPartition(closes));
    const missing = (): readonly ShardId[] => closes.filter((close) => !this.#isClosed(close)).map(({ shard }) => shard);
    if (!(await this.#until(() => missing().length === 0, readBackWithinMs)))
      return `the closes of ${missing().join(', ')} were not read back within ${readBackWithinMs} ms`;
    if (procedure === 'handoff' || procedure === 'evacuation')
      await this.#until(() => closes.every(({ shard }) => this.#isCovered(shard, lineage)), receiptsTogetherWithinMs);
    return undefined;
  }

  #isCovered(shard: ShardId, lineage: Lineage): boolean {
    return isCovered(shardViewOf(shard, lineage.shards[shard]!.at(-1)!, this.#options.parts));
  }

  /** Or the lineage has gone on: then the close no longer matters. */
  #isClosed({ shard, term }: Close): boolean {
    const { ledger } = this.#options.parts;
    return (ledger.lastTermOf(shard) ?? 0) > term || ledger.logOf(shard)?.closedAt !== undefined;
  }

  async #append(batches: readonly PartitionBatch[]): Promise<void> {
    const appender = (this.#appender ??= await this.#options.cluster.appender('closes'));
    try {
      const outcomes = await within(appendWithinMs, 'the closes were not acknowledged', appender.appendEach(batches));
      const failed = outcomes.find((outcome) => outcome instanceof Error);
      if (failed !== undefined) throw failed;
    } catch (error) {
      this.#appender = undefined;
      void appender.close().catch(() => undefined); // it is broken, and its append is what is reported
      throw error;
    }
  }

  async #until(isThere: () => boolean, withinMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    while (!isThere()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || this.#stopping.signal.aborted) return false;
      await this.#looked.wait(Math.min(leftMs, 250), this.#stopping.signal);
    }
    return true;
  }
}

function byPartition(closes: readonly Close[]): readonly PartitionBatch[] {
  const batches = new Map<string, { readonly topic: string; readonly partition: number; readonly records: NewRecord[] }>();
  for (const { shard, term } of closes) {
    const { service, partition } = shardOf(shard);
    const topic = eventsTopic(service);
    const batch = batches.get(`${topic}:${partition}`) ?? { topic, partition, records: [] };
    batch.records.push(encodeShardRecord({ kind: 'close', shard, term }));
    batches.set(`${topic}:${partition}`, batch);
  }
  return [...batches.values()];
}

async function within<T>(ms: number, otherwise: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
