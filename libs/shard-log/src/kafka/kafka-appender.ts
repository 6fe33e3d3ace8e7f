import { assert } from '#kernel';
import {
  DoubtfulAppendError,
  RefusedAppendError,
  type Appended,
  type Appender,
  type NewRecord,
  type PartitionBatch,
  type TopicPartition,
} from '../cluster.port.ts';
import { ClusterSession, leaderAddress, type SessionSettings } from './cluster-session.ts';
import { KafkaResponseError, produceCall, responseErrorOf } from './kafka-protocol.ts';

export interface AppenderSettings extends SessionSettings {
  /** How long the broker may take to have the batch acknowledged by all in-sync replicas. */
  readonly acknowledgeTimeoutMs: number;
}

/** Errors about the records themselves: they will never be appended, by whomever and whenever. */
const refusals: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']);

/**
 * Errors that the broker gives before it appends anything, and that time or an operator mends. Every other one leaves doubt:
 * NOT_LEADER, for one, is also the answer to a batch that was appended by a leader which lost its office while it waited for replicas.
 */
const notNow: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

type Outcome = Appended | DoubtfulAppendError | RefusedAppendError;

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/** One request in flight; callers queue. After any doubt the connections are given up and the next append opens new ones. */
export class KafkaAppender implements Appender {
  readonly #settings: AppenderSettings;
  #session: ClusterSession;
  readonly #leaders = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(settings: AppenderSettings) {
    this.#settings = settings;
    this.#session = new ClusterSession(settings);
  }

  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    const outcome = (await this.appendEach([{ topic, partition, records }]))[0]!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  async appendEach(batches: readonly PartitionBatch[]): Promise<readonly Outcome[]> {
    for (const { records } of batches) assert(records.length > 0, 'an append has records');
    assert(new Set(batches.map(nameOf)).size === batches.length, 'a partition has one batch at a time');
    const appended = this.#last.then(() => this.#appendEach(batches));
    this.#last = appended.catch(() => undefined); // its caller is told; the next one does not depend on it
    return appended;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#session.end();
  }

  async #appendEach(batches: readonly PartitionBatch[]): Promise<readonly Outcome[]> {
    if (this.#closed) return batches.map(() => new DoubtfulAppendError('the appender is closed', { nothingSent: true }));
    const outcomes = new Map<string, Outcome>();
    const byLeader = new Map<string, PartitionBatch[]>();
    // At once: a broker that hangs is waited for once, not once for each partition.
    const leaders = await Promise.all(batches.map((batch) => this.#leaderOf(batch).catch((error: Outcome) => error)));
    for (const [i, batch] of batches.entries()) {
      const leader = leaders[i]!;
      if (typeof leader === 'string') byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
      else outcomes.set(nameOf(batch), leader);
    }
    for (const [leader, led] of byLeader) for (const [name, outcome] of await this.#produce(leader, led)) outcomes.set(name, outcome);
    return batches.map((batch) => outcomes.get(nameOf(batch))!);
  }

  async #produce(leader: string, batches: readonly PartitionBatch[]): Promise<ReadonlyMap<string, Outcome>> {
    const { acknowledgeTimeoutMs, requestTimeoutMs } = this.#settings;
    const outcomes = new Map<string, Outcome>();
    try {
      const call = produceCall({ batches, timestampMs: Date.now(), timeoutMs: acknowledgeTimeoutMs });
      const answer = await this.#session.ask(leader, call, acknowledgeTimeoutMs + requestTimeoutMs);
      for (const { topicName: topic, partitions } of answer.topics)
        for (const { partition, errorCode, baseOffset } of partitions) {
          const name = nameOf({ topic, partition });
          const error = errorCode === 0 ? undefined : this.#failed(responseErrorOf(errorCode), `append to ${name}`, { nothingSent: false });
          outcomes.set(name, error ?? { firstOffset: Number(baseOffset) });
        }
      assert(
        batches.every((batch) => outcomes.has(nameOf(batch))),
        'the broker answers for every partition that it was asked about',
      );
    } catch (error) {
      for (const name of batches.map(nameOf)) outcomes.set(name, this.#failed(error, `append to ${name}`, { nothingSent: false }));
    }
    return outcomes;
  }

  /** A topic that is not there is asked for once more: a broker that has just started may not know all of them yet. */
  async #leaderOf({ topic, partition }: TopicPartition): Promise<string> {
    const name = nameOf({ topic, partition });
    for (let attempt = 1; ; attempt += 1) {
      try {
        const leader = this.#leaders.get(name) ?? leaderAddress(await this.#session.metadata([topic]), topic, partition);
        await this.#session.connectionTo(leader);
        this.#leaders.set(name, leader);
        return leader;
      } catch (error) {
        const unknown = error instanceof KafkaResponseError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
        if (unknown && attempt === 1) await new Promise((resolve) => setTimeout(resolve, this.#settings.connectTimeoutMs / 2));
        else throw this.#failed(error, `append to ${name}`, { nothingSent: true });
      }
    }
  }

  #failed(error: unknown, what: string, options: { readonly nothingSent: boolean }): DoubtfulAppendError | RefusedAppendError {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (error instanceof KafkaResponseError && refusals.has(error.type)) return new RefusedAppendError(message);
    this.#session.end();
    this.#session = new ClusterSession(this.#settings);
    this.#leaders.clear();
    return new DoubtfulAppendError(message, {
      nothingSent: options.nothingSent || (error instanceof KafkaResponseError && notNow.has(error.type)),
    });
  }
}
