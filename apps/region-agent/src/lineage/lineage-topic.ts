import type { Logger } from 'pino';
import type { LineageRecord } from '#contracts';
import { decodeLineage, encodeLineage, type Appender, type LogCluster, type StoredRecord } from '#shard-log';

const topic = 'lineage';
const readWithinMs = 15_000;

/** The region's own copy of the lineage: one record per revision, the highest revision counts, so a repeated one is harmless. */
export class LineageTopic {
  readonly #cluster: LogCluster;
  readonly #log: Logger;
  #appender: Appender | undefined;

  constructor(cluster: LogCluster, log: Logger) {
    this.#cluster = cluster;
    this.#log = log;
  }

  /** The record of the highest revision, or undefined when there is none. Fails when the topic cannot be read to its end in time. */
  async newest(): Promise<LineageRecord | undefined> {
    const [end = 0] = await this.#cluster.endOffsets(topic);
    if (end === 0) return undefined;
    const reached = Promise.withResolvers<void>();
    let newest: LineageRecord | undefined;
    const onBatch = async (records: readonly StoredRecord[]): Promise<void> => {
      for (const record of records) {
        const decoded = decodeLineage(record);
        if (!decoded.readable) this.#log.error({ topic, offset: record.offset, reason: decoded.reason }, 'a lineage record cannot be read');
        else if (newest === undefined || decoded.value.revision > newest.revision) newest = decoded.value;
        if (record.offset >= end - 1) reached.resolve();
      }
    };
    const from = [{ topic, partition: 0, offset: 0 }];
    const reader = await this.#cluster.read({ name: 'lineage copy', from, onBatch, onStopped: reached.reject });
    const deadline = setTimeout(
      () => reached.reject(new Error(`topic ${topic} was not read to ${end} within ${readWithinMs} ms`)),
      readWithinMs,
    );
    try {
      await reached.promise;
    } finally {
      clearTimeout(deadline);
      await reader.close();
    }
    return newest;
  }

  /** @throws DoubtfulAppendError, RefusedAppendError: the caller tries again. */
  async append(record: LineageRecord): Promise<void> {
    this.#appender ??= await this.#cluster.appender('lineage');
    try {
      await this.#appender.append(topic, 0, [encodeLineage(record)]);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close();
  }
}
