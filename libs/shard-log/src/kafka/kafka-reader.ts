import type { LogReader, ReaderOptions, StoredRecord, TopicPartition } from '../cluster.port.ts';
import { restAfterFetch } from '../core/rest-after-fetch.ts';
import { ClusterSession, leaderAddress, type SessionSettings } from './cluster-session.ts';
import { BrokerConnectionError } from './broker-connection.ts';
import { FetchSession } from './fetch-session.ts';
import { countRecords, recordsOf, type FetchAnswer } from './fetch-answer.ts';
import { fetchCall, KafkaResponseError, responseErrorOf } from './kafka-protocol.ts';
import { ReadPositions, type ReadPosition } from './read-positions.ts';

export interface ReaderSettings extends SessionSettings {
  /** A fetch with nothing to deliver is answered after this: also how long a resumed partition may wait. */
  readonly fetchWaitMs: number;
  readonly fetchBytesPerPartition: number;
  readonly fetchBytes: number;
  /** How often a topic that does not exist yet is looked for. */
  readonly missingTopicPollMs: number;
  readonly retryDelayMs: number;
  /** Told of everything that made the reader reconnect. */
  onTrouble(reader: string, error: Error): void;
}

/**
 * Fetches named partitions from positions that it keeps itself: no group, no commits, nothing of it in Kafka. After any fault it opens
 * new connections and goes on at its own next offsets, having checked that the topics are still the same ones and still reach so far.
 * Every request has a deadline, so a broker that hangs is noticed without a separate watchdog.
 */
export class KafkaReader implements LogReader {
  readonly #settings: ReaderSettings;
  readonly #options: ReaderOptions;
  readonly #positions: ReadPositions;
  readonly #restMs: (records: number) => number;
  #session: ClusterSession | undefined;
  #delivering: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #sleepers = new Set<() => void>();
  readonly #done: Promise<void>;

  private constructor(settings: ReaderSettings, options: ReaderOptions, positions: ReadPositions) {
    this.#settings = settings;
    this.#options = options;
    this.#positions = positions;
    this.#restMs = options.restMs ?? restAfterFetch;
    this.#done = this.#run();
  }

  /** Resolves when positions given as 'end' are known; rejects when no broker tells them. */
  static async start(settings: ReaderSettings, options: ReaderOptions): Promise<KafkaReader> {
    return new KafkaReader(settings, options, await ReadPositions.resolve(settings, options.from));
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#positions.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#positions.resume(partitions);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#session?.end();
    this.#wake();
    await this.#done;
  }

  /** Next offset of each partition: where a successor of this reader would begin. */
  nextOffsets(): ReadonlyMap<string, number> {
    return this.#positions.nextOffsets();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const session = (this.#session = new ClusterSession(this.#settings));
      try {
        await this.#readWith(session);
      } catch (error) {
        if (this.#closed || error instanceof TopicTurnedUp) continue;
        if (!isPassing(error)) return this.#stop(error);
        this.#settings.onTrouble(this.#options.name, error);
        await this.#sleep(this.#settings.retryDelayMs);
      }
    }
  }

  #stop(error: unknown): void {
    this.#closed = true;
    const cause = error instanceof BatchRejected ? error.cause : error;
    this.#options.onStopped(cause instanceof Error ? cause : new Error(String(cause)));
  }

  /** Until the first fault, or until a missing topic has turned up. Leaves nothing running behind. */
  async #readWith(session: ClusterSession): Promise<void> {
    const tasks: Promise<void>[] = [];
    try {
      const cluster = await this.#positions.verify(session);
      const byLeader = Map.groupBy(this.#positions.present(), ({ topic, partition }) => leaderAddress(cluster, topic, partition));
      for (const [leader, positions] of byLeader) tasks.push(this.#fetchFrom(session, leader, positions));
      if (this.#positions.someMissing()) tasks.push(this.#awaitMissing(session));
      await Promise.all(tasks);
    } finally {
      session.end();
      await Promise.allSettled(tasks);
    }
  }

  async #awaitMissing(session: ClusterSession): Promise<void> {
    while (!this.#closed) {
      await this.#sleep(this.#settings.missingTopicPollMs);
      if (!this.#closed && (await this.#positions.turnedUp(session))) throw new TopicTurnedUp();
    }
  }

  async #fetchFrom(session: ClusterSession, leader: string, led: readonly ReadPosition[]): Promise<void> {
    const { fetchWaitMs, fetchBytes, fetchBytesPerPartition, requestTimeoutMs } = this.#settings;
    const fetches = new FetchSession({ bytesPerPartition: fetchBytesPerPartition });
    let restUntilMs = 0;
    while (!this.#closed) {
      const restMs = restUntilMs - performance.now();
      if (restMs > 0) await this.#sleep(restMs);
      if (this.#closed) return;
      const readable = led.filter(({ paused }) => !paused);
      if (readable.length === 0) {
        await this.#sleep(60_000);
        continue;
      }
      const call = fetchCall({ maxWaitTime: fetchWaitMs, minBytes: 1, maxBytes: fetchBytes, ...fetches.request(readable) });
      const answer = await session.ask(leader, call, fetchWaitMs + requestTimeoutMs);
      if (!fetches.answered(answer)) continue;
      const records = countRecords(answer.partitions);
      if (records > 0) restUntilMs = performance.now() + this.#restMs(records);
      const delivered = this.#delivering.then(() => this.#deliver(answer));
      this.#delivering = delivered.catch(() => undefined); // thrown here below; the next delivery does not depend on it
      await delivered;
    }
  }

  async #deliver(answer: FetchAnswer): Promise<void> {
    if (answer.errorCode !== 0) throw responseErrorOf(answer.errorCode);
    let failure: KafkaResponseError | undefined;
    for (const fetched of answer.partitions) {
      if (fetched.errorCode !== 0) failure = responseErrorOf(fetched.errorCode);
      const position = this.#positions.of(fetched.topic, fetched.partition);
      if (this.#closed || position === undefined || position.paused) continue;
      const { records, next } = recordsOf(fetched, position.next);
      if (records.length > 0) await this.#handOver(records);
      position.next = Math.max(position.next, next ?? 0);
    }
    if (failure !== undefined) throw failure;
  }

  async #handOver(records: readonly StoredRecord[]): Promise<void> {
    try {
      await this.#options.onBatch(records);
    } catch (error) {
      throw new BatchRejected(error);
    }
  }

  /** Ends early when a partition is resumed or the reader is closed. */
  async #sleep(ms: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }
}

class TopicTurnedUp extends Error {
  override readonly name = 'TopicTurnedUp';
}

/** What the receiver threw: wrapped so that it is never mistaken for a fault of the connection. */
class BatchRejected extends Error {
  override readonly name = 'BatchRejected';
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const isPassing = (error: unknown): error is BrokerConnectionError | KafkaResponseError =>
  error instanceof BrokerConnectionError || error instanceof KafkaResponseError;
