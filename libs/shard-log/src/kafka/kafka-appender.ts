import { assert } from '#kernel';
import { DoubtfulAppendError, RefusedAppendError, type Appended, type Appender, type NewRecord } from '../cluster.port.ts';
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

  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    assert(records.length > 0, 'an append has records');
    const appended = this.#last.then(() => this.#append(topic, partition, records));
    this.#last = appended.catch(() => undefined); // its caller is told; the next one does not depend on it
    return appended;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#session.end();
  }

  async #append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    if (this.#closed) throw new DoubtfulAppendError('the appender is closed', { nothingSent: true });
    const leader = await this.#leaderOf(topic, partition);
    const timestamp = Date.now();
    const messages = records.map(({ key, headers, value }) => ({ key, headers, value, timestamp }));
    const { acknowledgeTimeoutMs: timeoutMs, requestTimeoutMs } = this.#settings;
    try {
      const call = produceCall({ topic, partition, messages, timeoutMs });
      const answer = await this.#session.ask(leader, call, timeoutMs + requestTimeoutMs);
      const result = answer.topics[0]?.partitions[0];
      assert(result !== undefined, 'the broker answers for the partition that it was asked about');
      if (result.errorCode !== 0) throw responseErrorOf(result.errorCode);
      return { firstOffset: Number(result.baseOffset) };
    } catch (error) {
      throw this.#failed(error, `append to ${topic}:${partition}`, { nothingSent: false });
    }
  }

  /** A topic that is not there is asked for once more: a broker that has just started may not know all of them yet. */
  async #leaderOf(topic: string, partition: number): Promise<string> {
    const name = `${topic}:${partition}`;
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

  #failed(error: unknown, what: string, options: { readonly nothingSent: boolean }): Error {
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
