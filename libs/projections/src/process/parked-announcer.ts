import type { Appender, LogCluster } from '#shard-log';
import type { ParkedRecord } from '../postgres/parked-table.ts';

/** Writes parked records to the region's `parked` topic. At least once: a doubtful append is told again by the outbox. */
export class ParkedAnnouncer {
  readonly #cluster: LogCluster;
  readonly #name: string;
  #appender: Appender | undefined;

  constructor(cluster: LogCluster, name: string) {
    this.#cluster = cluster;
    this.#name = name;
  }

  async announce(records: readonly ParkedRecord[]): Promise<void> {
    this.#appender ??= await this.#cluster.appender(this.#name);
    await this.#appender.append(
      'parked',
      0,
      records.map((record) => ({ key: record.id, headers: { 'evenkeel-kind': 'parked' }, value: JSON.stringify(record) })),
    );
  }

  async close(): Promise<void> {
    await this.#appender?.close();
  }
}
