import { eventsTopic, type Service } from '#contracts';
import type { Appender, LogCluster } from '../cluster.port.ts';
import { encodeShardRecord } from '../core/record-codec.ts';
import type { ShardRecord } from '../core/records.ts';
import type { Condition } from './condition.ts';

export interface OwnLogOptions {
  readonly service: Service;
  readonly cluster: LogCluster;
  /** Changes whenever something was read. */
  readonly read: Condition;
  /** Where this process's one reader goes on in a partition of the log. */
  readonly nextOffset: (partition: number) => number;
}

const catchUpTimeoutMs = 30_000;

/** A service's log in its own region, as the writers of an instance share it: each partition has one appender. */
export class OwnLog {
  readonly #options: OwnLogOptions;
  readonly #appenders = new Map<number, Promise<Appender>>();
  readonly #followed = new Set<number>();

  constructor(options: OwnLogOptions) {
    this.#options = options;
  }

  /** @throws DoubtfulAppendError, RefusedAppendError */
  async append(partition: number, records: readonly ShardRecord[]): Promise<unknown> {
    const appender = await this.#appender(partition);
    return appender.append(
      eventsTopic(this.#options.service),
      partition,
      records.map((record) => encodeShardRecord(record)),
    );
  }

  /** Resolves when all that stood in the partition at the call has been read. @throws Error when that takes too long */
  async caughtUp(partition: number): Promise<void> {
    const { service, cluster, read, nextOffset } = this.#options;
    const topic = eventsTopic(service);
    const end = (await cluster.endOffsets(topic))[partition] ?? 0;
    if (!(await read.until(() => nextOffset(partition) >= end, catchUpTimeoutMs)))
      throw new Error(`partition ${partition} of ${topic} was not read to its end within ${catchUpTimeoutMs} ms`);
    this.#followed.add(partition);
  }

  /** Its end was reached once: what is unread came since. */
  isFollowed(partition: number): boolean {
    return this.#followed.has(partition);
  }

  async close(): Promise<void> {
    for (const opened of this.#appenders.values())
      await opened.then(
        (appender) => appender.close(),
        () => undefined, // it was not opened
      );
  }

  #appender(partition: number): Promise<Appender> {
    const known = this.#appenders.get(partition);
    if (known !== undefined) return known;
    const { cluster, service } = this.#options;
    const opened = cluster.appender(`${service}-writer-${partition}`);
    this.#appenders.set(partition, opened);
    opened.catch(() => this.#appenders.delete(partition)); // the caller hears of it; the next one tries again
    return opened;
  }
}
