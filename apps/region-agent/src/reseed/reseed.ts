import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { eventsTopic, parseShardId, services, shardOf, type Lineage, type Region } from '#contracts';
import {
  decodeShardRecord,
  readStretch,
  type Appender,
  type LogCluster,
  type NewRecord,
  type StoredRecord,
  type Stretch,
} from '#shard-log';
import { skippedIn } from '#projections';
import type { RegionEvents } from '../region-events.port.ts';
import { LogCoverage } from './log-coverage.ts';
import { DivergedLogError, expectedIn, MissingRecords, reaches, topicOfExpected, type Expected } from './missing-records.ts';

export interface ReseedOptions {
  readonly here: Region;
  readonly cluster: LogCluster;
  /** Connects to another region's Kafka, through the link. Undefined: the topology names none. The caller closes it. */
  readonly connect: (other: Region) => LogCluster | undefined;
  readonly events: RegionEvents;
  readonly log: Logger;
}

const firstLookBack = 2_000;
const recordsPerAppendMax = 400;
const charactersPerAppendMax = 500_000;

/**
 * Fills this region's own logs again, record by record, from the mirror that the surviving region holds of them.
 *
 * Only for a region that has been taken over and is on its way back (the caller sees to that: under `paired` a short log is a loss that a
 * person must see). Each partition is copied in its order, up to where the mirror ends when it begins; keys, headers and values stay, offsets
 * may differ. Nothing that is there is copied again, so it may be broken off and begun anew at any time. A log that lost its tail
 * and was written to since is refused with a reason.
 */
export class Reseed {
  readonly #options: ReseedOptions;

  constructor(options: ReseedOptions) {
    this.#options = options;
  }

  /** Sees to it that the own logs hold what the lineage says of them. Answers how many records it copied. @throws when it cannot: try again */
  async ensure(lineage: Lineage, survivor: Region, signal: AbortSignal): Promise<number> {
    const short = await this.#short(lineage, signal);
    if (short.length === 0) return 0;
    const { here, connect, events } = this.#options;
    const missing = short.map(({ shard, term, seq }) => `${shard} to seq ${seq} of term ${term}`).join(', ');
    const source = connect(survivor);
    if (source === undefined)
      throw new Error(`the own logs are short (${missing}), and the topology names no Kafka of ${survivor} to refill them from`);
    const { term } = lineage;
    events.record({
      event: 'reseed-begun',
      term,
      because: `the own logs lack history: ${missing}`.slice(0, 1_000),
      details: { from: survivor },
    });
    const startedMs = performance.now();
    try {
      const copied = await this.#copyAll(source, signal);
      const left = await this.#short(lineage, signal);
      if (left.length > 0) throw new Error(`${survivor}'s mirror of ${here} is short too: ${left.map(({ shard }) => shard).join(', ')}`);
      const because = `${survivor}'s mirror held what this region's own logs lacked`;
      events.record({
        event: 'reseed-ended',
        term,
        because,
        details: { from: survivor, copied },
        tookMs: Math.round(performance.now() - startedMs),
      });
      return copied;
    } catch (error) {
      if (error instanceof DivergedLogError)
        events.record({ event: 'reseed-refused', term, because: error.message, details: { from: survivor } });
      throw error;
    } finally {
      await source.close();
    }
  }

  /** What is expected of the own logs and not found in them, read from their ends backwards: mostly it stands within the first look. */
  async #short(lineage: Lineage, signal: AbortSignal): Promise<readonly Expected[]> {
    const expected = Map.groupBy(
      expectedIn(lineage, this.#options.here),
      (one) => `${topicOfExpected(one)}:${shardOf(one.shard).partition}`,
    );
    const short: Expected[] = [];
    for (const ones of expected.values()) short.push(...(await this.#notFound(ones, signal)));
    return short;
  }

  async #notFound(expected: readonly Expected[], signal: AbortSignal): Promise<readonly Expected[]> {
    const { cluster } = this.#options;
    const topic = topicOfExpected(expected[0]!);
    const { partition } = shardOf(expected[0]!.shard);
    const sought = new Set(expected);
    let to = (await cluster.endOffsets(topic))[partition] ?? 0;
    for (let look = firstLookBack; to > 0 && sought.size > 0; look *= 2) {
      const from = Math.max(0, to - look);
      const find = (records: readonly StoredRecord[]): void => {
        for (const record of records) {
          const decoded = decodeShardRecord(record);
          if (decoded.readable) for (const one of sought) if (reaches(one, decoded.value)) sought.delete(one);
        }
      };
      await readStretch(cluster, { topic, partition, from, to }, find, signal);
      to = from;
    }
    return [...sought];
  }

  async #copyAll(source: LogCluster, signal: AbortSignal): Promise<number> {
    const { here, cluster, log } = this.#options;
    const appender = await cluster.appender('reseed');
    let copied = 0;
    try {
      // First: by the time that a reader meets what was decided about, the decision is there.
      copied += await this.#copySkips(source, appender, signal);
      for (const service of services) {
        const topic = eventsTopic(service);
        const mirror = `${here}.${topic}`;
        const ends = await source.endOffsets(mirror);
        const ownEnds = await cluster.endOffsets(topic);
        for (const [partition, to] of ends.entries()) {
          const own = await this.#coverage(topic, partition, ownEnds[partition] ?? 0, signal);
          const stretch = { topic: mirror, partition, from: 0, to };
          if ((ownEnds[partition] ?? 0) > 0) await this.#survey(source, stretch, own, signal);
          const copies = await this.#copy(source, stretch, own, appender, signal);
          if (copies > 0) log.info({ topic, partition, copies }, 'refilled from the mirror');
          copied += copies;
        }
      }
      return copied;
    } finally {
      await appender.close();
    }
  }

  /** Decisions about parked records are made in every region, so the survivor's own `parked` topic has those that this one lost. */
  async #copySkips(source: LogCluster, appender: Appender, signal: AbortSignal): Promise<number> {
    const skipsIn = async (cluster: LogCluster): Promise<ReadonlyMap<string, NewRecord>> => {
      const skips = new Map<string, NewRecord>();
      const note = (records: readonly StoredRecord[]): void => {
        for (const record of records) {
          const id = skippedIn(record);
          if (id !== undefined) skips.set(id, record);
        }
      };
      const [to] = await cluster.endOffsets('parked');
      await readStretch(cluster, { topic: 'parked', partition: 0, from: 0, to: to! }, note, signal);
      return skips;
    };
    const [theirs, ours] = [await skipsIn(source), await skipsIn(this.#options.cluster)];
    const missing = [...theirs]
      .filter(([id]) => !ours.has(id) && namesACommit(id))
      .map(([, { key, headers, value }]) => ({ key, headers, value }));
    if (missing.length > 0) await appender.append('parked', 0, missing);
    return missing.length;
  }

  async #coverage(topic: string, partition: number, to: number, signal: AbortSignal): Promise<LogCoverage> {
    const coverage = new LogCoverage();
    const note = (records: readonly StoredRecord[]): void => {
      for (const record of records) {
        const decoded = decodeShardRecord(record);
        if (decoded.readable) coverage.note(decoded.value);
      }
    };
    await readStretch(this.#options.cluster, { topic, partition, from: 0, to }, note, signal);
    return coverage;
  }

  /** Both logs are compared to their ends before anything is appended. @throws DivergedLogError */
  async #survey(source: LogCluster, stretch: Stretch, own: LogCoverage, signal: AbortSignal): Promise<void> {
    const missing = new MissingRecords(own);
    const take = (records: readonly StoredRecord[]): void => {
      for (const record of records) {
        const decoded = decodeShardRecord(record);
        if (decoded.readable) missing.take(decoded.value);
      }
    };
    await readStretch(source, stretch, take, signal);
    missing.end();
  }

  async #copy(source: LogCluster, stretch: Stretch, own: LogCoverage, appender: Appender, signal: AbortSignal): Promise<number> {
    const { here, log } = this.#options;
    const missing = new MissingRecords(own);
    let copied = 0;
    const topic = stretch.topic.slice(here.length + 1);
    const take = async (records: readonly StoredRecord[]): Promise<void> => {
      const copies: NewRecord[] = [];
      for (const record of records) {
        const decoded = decodeShardRecord(record);
        if (!decoded.readable)
          log.warn({ ...stretch, offset: record.offset, reason: decoded.reason }, 'cannot be read, counts for nothing, is not copied');
        else if (missing.take(decoded.value)) copies.push({ key: record.key, headers: record.headers, value: record.value });
      }
      copied += copies.length;
      // A doubtful append ends this try; the next one sees what stands in the log.
      while (copies.length > 0) await appender.append(topic, stretch.partition, copies.splice(0, fitting(copies)));
    };
    await readStretch(source, stretch, take, signal);
    return copied;
  }
}

/** Not by a place in a log: offsets may differ afterwards. */
const namesACommit = (id: string): boolean => parseShardId(id.split(':').at(-2) ?? '') !== undefined;

/** How many of the records go into one append: at least one. */
function fitting(records: readonly NewRecord[]): number {
  let characters = 0;
  for (const [index, { value }] of records.entries()) {
    characters += value?.length ?? 0;
    if (index > 0 && (characters > charactersPerAppendMax || index >= recordsPerAppendMax)) return index;
  }
  return records.length;
}
