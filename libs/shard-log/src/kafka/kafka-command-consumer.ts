import { setTimeout as delay } from 'node:timers/promises';
import type { CommandConsumer, CommandConsumerOptions } from '../cluster.port.ts';
import { BrokerConnectionError } from './broker-connection.ts';
import { GroupMembership, type Generation, type GroupSettings } from './group-membership.ts';
import { KafkaReader, type ReaderSettings } from './kafka-reader.ts';
import { KafkaResponseError } from './kafka-protocol.ts';

export interface CommandConsumerSettings {
  readonly group: GroupSettings;
  readonly reader: ReaderSettings;
  readonly heartbeatMs: number;
  readonly commitMs: number;
  onTrouble(what: string, error: Error): void;
}

/**
 * A consumer group decides which instance has which partitions; the records themselves come through plain readers. A partition that
 * stays with this instance from one generation to the next is read on where it was; any other begins at the group's committed offset.
 * So a record may come twice, after an instance was lost or cut off, and never not at all.
 */
export class KafkaCommandConsumer implements CommandConsumer {
  readonly #settings: CommandConsumerSettings;
  readonly #options: CommandConsumerOptions;
  readonly #membership: GroupMembership;
  readonly #done = new Map<number, number>();
  readonly #committed = new Map<number, number>();
  #reader: KafkaReader | undefined;
  #partitions: readonly number[] = [];
  /** The generation in which this member was last known to be, or -1 when it must assume that others had its partitions. */
  #generation = -1;
  #closed = false;
  #joining = false;
  #wake: () => void = () => undefined;
  readonly #running: Promise<void>;

  constructor(settings: CommandConsumerSettings, options: CommandConsumerOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#membership = new GroupMembership(settings.group, options.group, options.topic);
    this.#running = this.#run();
  }

  done(partition: number, offset: number): void {
    if (!this.#partitions.includes(partition)) return; // another instance has it now, and decides again what was left
    this.#done.set(partition, Math.max(offset, this.#done.get(partition) ?? 0));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    // A join may wait for members that died: it is given up, and the group is left through a new connection.
    if (this.#joining) this.#membership.reconnect();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#beatingWhile(this.#take(await this.#join()));
        await this.#stayMember();
      } catch (error) {
        if (!this.#isPassing(error)) {
          this.#stop(error);
          break;
        }
        await this.#afterTrouble(error);
      }
    }
    await this.#leave();
  }

  async #join(): Promise<Generation> {
    this.#joining = true;
    try {
      return await this.#membership.join(this.#partitions);
    } finally {
      this.#joining = false;
    }
  }

  /**
   * Reads what the generation gave this instance. The receiver is told first, for a batch that it is still taking may wait for room
   * in a shard that has just been taken from it: only then can the old reader come to its end.
   */
  async #take({ id, partitions }: Generation): Promise<void> {
    const { topic } = this.#options;
    const stayed = this.#generation !== -1 && id === this.#generation + 1 ? this.#partitions : [];
    const gone = this.#partitions.filter((partition) => !stayed.includes(partition) || !partitions.includes(partition));
    this.#generation = id;
    this.#partitions = partitions;
    for (const partition of gone) this.#forget(partition);
    this.#options.onAssigned(partitions);
    await this.#reader?.close();
    const read = this.#reader?.nextOffsets() ?? new Map<string, number>();
    const from = new Map<number, number>();
    for (const partition of partitions.filter((each) => stayed.includes(each))) {
      const next = read.get(`${topic}:${partition}`);
      if (next !== undefined) from.set(partition, next);
    }
    const begun = partitions.filter((partition) => !from.has(partition));
    if (begun.length > 0) {
      const committed = await this.#membership.committed(begun);
      for (const [partition, offset] of committed) this.#committed.set(partition, offset);
      for (const partition of begun) from.set(partition, committed.get(partition) ?? 0);
    }
    if (this.#closed) return;
    this.#reader = await KafkaReader.start(this.#settings.reader, {
      name: `${this.#options.group} ${topic}`,
      from: partitions.map((partition) => ({ topic, partition, offset: from.get(partition)! })),
      onBatch: (records) => this.#options.onBatch(records[0]!.partition, records),
      onStopped: (error) => this.#stop(error),
    });
  }

  /** A receiver that takes its time costs no membership: heartbeats go on meanwhile. What they meet, the next one after it meets too. */
  async #beatingWhile(work: Promise<void>): Promise<void> {
    const over = new AbortController();
    const beats = this.#beat(over.signal);
    try {
      await work;
    } finally {
      over.abort();
      await beats;
    }
  }

  async #beat(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      try {
        await delay(this.#settings.heartbeatMs, undefined, { signal: until });
        await this.#membership.heartbeat();
      } catch (error) {
        if (until.aborted) return;
        // The group forms anew: the coordinator still counts the heartbeat. Anything else is trouble.
        if (!(error instanceof KafkaResponseError && error.type === 'REBALANCE_IN_PROGRESS')) return;
      }
    }
  }

  #forget(partition: number): void {
    this.#done.delete(partition);
    this.#committed.delete(partition);
  }

  /** Returns when the group forms anew, or when closed; throws on trouble. */
  async #stayMember(): Promise<void> {
    let commitAt = Date.now() + this.#settings.commitMs;
    while (!this.#closed) {
      await this.#sleep(this.#settings.heartbeatMs);
      if (this.#closed) return;
      try {
        await this.#membership.heartbeat();
        if (Date.now() < commitAt) continue;
        await this.#commit();
        commitAt = Date.now() + this.#settings.commitMs;
      } catch (error) {
        if (!(error instanceof KafkaResponseError && error.type === 'REBALANCE_IN_PROGRESS')) throw error;
        await this.#commit();
        return;
      }
    }
  }

  async #commit(): Promise<void> {
    const moved = new Map([...this.#done].filter(([partition, offset]) => offset > (this.#committed.get(partition) ?? 0)));
    if (moved.size === 0) return;
    await this.#membership.commit(moved);
    for (const [partition, offset] of moved) this.#committed.set(partition, offset);
  }

  async #afterTrouble(error: Error): Promise<void> {
    this.#settings.onTrouble(this.#options.group, error);
    if (error instanceof KafkaResponseError && membershipLost.has(error.type)) {
      this.#membership.forgetMember();
      this.#generation = -1;
    } else if (!(error instanceof KafkaResponseError && error.type === 'REBALANCE_IN_PROGRESS')) {
      this.#membership.reconnect();
      await this.#sleep(this.#settings.reader.retryDelayMs);
    }
  }

  async #leave(): Promise<void> {
    await this.#reader?.close();
    try {
      await this.#commit();
      await this.#membership.leave();
    } catch (error) {
      // The group finds out by itself, after the session's timeout, and begins at the last committed offset.
      this.#settings.onTrouble(this.#options.group, error instanceof Error ? error : new Error(String(error)));
    }
    this.#membership.end();
  }

  #stop(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    this.#options.onStopped(error instanceof Error ? error : new Error(String(error)));
  }

  #isPassing(error: unknown): error is BrokerConnectionError | KafkaResponseError {
    return error instanceof BrokerConnectionError || error instanceof KafkaResponseError;
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const membershipLost: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'MEMBER_ID_REQUIRED',
]);
