import { readStretch, type Appender, type LogCluster, type NewRecord, type StoredRecord } from '#shard-log';
import type { ParkedRecord } from '../postgres/parked-table.ts';
import type { ParkedLog } from '../parked-log.port.ts';
import { namedRecord, prefixOf } from './parked-records.ts';

const skippedKind = 'parked-skipped';

const kindHeader = 'evenkeel-kind';
const place = { topic: 'parked', partition: 0 } as const;

/** The id that somebody decided to go on without, if this record of a `parked` topic says that. */
export const skippedIn = ({ key, headers }: Pick<StoredRecord, 'key' | 'headers'>): string | undefined =>
  headers[kindHeader] === skippedKind ? (key ?? undefined) : undefined;

/**
 * One reader's part of the region's `parked` topic, by the ids that people are told. At least once: what is announced or decided twice says the
 * same twice.
 */
export class ParkedTopic implements ParkedLog {
  readonly #cluster: LogCluster;
  readonly #name: string;
  readonly #reader: string | undefined;
  readonly #closing = new AbortController();
  readonly #skipped = new Set<string>();
  #appender: Appender | undefined;
  #read = { topicId: '', to: 0 };
  #reading: Promise<unknown> = Promise.resolve();

  /** `reader`: as for `ParkedRecordsOptions`. */
  constructor(cluster: LogCluster, { name, reader }: { readonly name: string; readonly reader: string | undefined }) {
    this.#cluster = cluster;
    this.#name = name;
    this.#reader = reader;
  }

  async announce(records: readonly ParkedRecord[]): Promise<void> {
    await this.#append(
      records.map((record) => {
        const named = namedRecord(this.#reader, record);
        return { key: named.id, headers: { [kindHeader]: 'parked' }, value: JSON.stringify(named) };
      }),
    );
  }

  async skip(id: string): Promise<void> {
    const decidedAt = new Date().toISOString();
    await this.#append([
      { key: `${prefixOf(this.#reader)}${id}`, headers: { [kindHeader]: skippedKind }, value: JSON.stringify({ decidedAt }) },
    ]);
  }

  /** @throws while the topic is not there: a region's logs are made, and filled again, before they say anything */
  skipped(): Promise<ReadonlySet<string>> {
    const reading = this.#reading.catch(() => undefined).then(() => this.#readOn()); // an earlier failure was its asker's
    this.#reading = reading;
    return reading;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#appender?.close();
  }

  async #append(records: readonly NewRecord[]): Promise<void> {
    this.#appender ??= await this.#cluster.appender(this.#name);
    await this.#appender.append(place.topic, place.partition, records);
  }

  async #readOn(): Promise<ReadonlySet<string>> {
    const topic = (await this.#cluster.describe([place.topic])).get(place.topic);
    if (topic === undefined) throw new Error(`there is no topic ${place.topic} yet: what was decided about parked records is not known`);
    const from = topic.id === this.#read.topicId ? this.#read.to : 0;
    const to = topic.ends[place.partition]!;
    const prefix = prefixOf(this.#reader);
    const note = (records: readonly StoredRecord[]): void => {
      for (const id of records.map(skippedIn)) if (id?.startsWith(prefix) === true) this.#skipped.add(id.slice(prefix.length));
    };
    await readStretch(this.#cluster, { ...place, from, to }, note, this.#closing.signal);
    this.#read = { topicId: topic.id, to };
    return this.#skipped;
  }
}
