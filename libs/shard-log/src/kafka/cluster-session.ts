import { assert } from '#kernel';
import type { TopicPartition } from '../cluster.port.ts';
import { BrokerConnection, BrokerConnectionError } from './broker-connection.ts';
import { KafkaResponseError, earliest, latest, listOffsetsCall, responseErrorOf, type CallFor } from './kafka-protocol.ts';
import { metadataCall, type ClusterMetadata, type TopicMetadata } from './topic-metadata.ts';

export interface SessionSettings {
  /** Where to ask first: `host:port`, any of the cluster. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface LogRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A handful of connections to one cluster. On any doubt the owner ends it and opens another, so nothing stale outlives a fault.
 */
export class ClusterSession {
  readonly #settings: SessionSettings;
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  #ended = false;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
  }

  /** What exists among these topics, asked anew. */
  async metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const failures: BrokerConnectionError[] = [];
    for (const broker of this.#settings.brokers) {
      try {
        return await (await this.connectionTo(broker)).call(metadataCall(topics), this.#settings.requestTimeoutMs);
      } catch (error) {
        if (!(error instanceof BrokerConnectionError)) throw error;
        failures.push(error);
      }
    }
    throw new BrokerConnectionError(failures.map(({ message }) => message).join('; '), {
      timedOut: failures.some(({ timedOut }) => timedOut),
    });
  }

  async ask<Answer>(broker: string, call: CallFor<Answer>, timeoutMs = this.#settings.requestTimeoutMs): Promise<Answer> {
    return (await this.connectionTo(broker)).ask(call, timeoutMs);
  }

  /** One connection per broker address, opened when first needed. */
  async connectionTo(address: string): Promise<BrokerConnection> {
    if (this.#ended) throw new BrokerConnectionError('the session has ended');
    const known = this.#connections.get(address);
    if (known !== undefined) return known;
    const { clientId, connectTimeoutMs } = this.#settings;
    const forget = () => this.#connections.delete(address);
    const [host, port] = hostAndPort(address);
    const opening = BrokerConnection.open({ host, port, clientId, connectTimeoutMs, onEnd: forget });
    this.#connections.set(address, opening);
    opening.catch(forget);
    return opening;
  }

  /** First and next offset of each partition. */
  async ranges(cluster: ClusterMetadata, topic: string, partitions: readonly number[]): Promise<ReadonlyMap<number, LogRange>> {
    const found = new Map<number, LogRange>();
    const asked = partitions.map((partition) => ({ topic, partition }));
    for (const [leader, led] of byLeader(cluster, asked)) {
      const [starts, ends] = [await this.#offsets(leader, led, earliest), await this.#offsets(leader, led, latest)];
      led.forEach(({ partition }, index) => found.set(partition, { start: starts[index]!, end: ends[index]! }));
    }
    return found;
  }

  /** By topic the next offset of each partition, of all topics that the metadata tells of: one request for each leader. */
  async ends(cluster: ClusterMetadata): Promise<ReadonlyMap<string, readonly number[]>> {
    const found = new Map([...cluster.topics].map(([topic, { leaders }]) => [topic, leaders.map(() => 0)]));
    const asked = [...found].flatMap(([topic, partitions]) => partitions.map((_, partition) => ({ topic, partition })));
    for (const [leader, led] of byLeader(cluster, asked)) {
      const ends = await this.#offsets(leader, led, latest);
      led.forEach(({ topic, partition }, index) => (found.get(topic)![partition] = ends[index]!));
    }
    return found;
  }

  end(): void {
    this.#ended = true;
    for (const opening of this.#connections.values())
      void opening.then(
        (connection) => connection.end('the session has ended'),
        () => undefined, // whoever opened it was told
      );
  }

  /** In the order of the partitions. */
  async #offsets(leader: string, partitions: readonly TopicPartition[], timestamp: number): Promise<readonly number[]> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, led]) => ({
      topic,
      partitions: led.map(({ partition }) => ({ partition, timestamp })),
    }));
    const answer = await this.ask(leader, listOffsetsCall(topics));
    const offsets = new Map<string, number>();
    for (const { topic, partitions: listed } of answer.responses)
      for (const { partition, errorCode, offset } of listed) {
        if (errorCode !== 0) throw responseErrorOf(errorCode);
        offsets.set(`${topic}:${partition}`, Number(offset));
      }
    return partitions.map(({ topic, partition }) => {
      const offset = offsets.get(`${topic}:${partition}`);
      assert(offset !== undefined, 'the broker answers for every partition that it was asked about');
      return offset;
    });
  }
}

const byLeader = (cluster: ClusterMetadata, partitions: readonly TopicPartition[]): ReadonlyMap<string, readonly TopicPartition[]> =>
  Map.groupBy(partitions, ({ topic, partition }) => leaderAddress(cluster, topic, partition));

/** Address of the partition's leader. Throws when the topic, the partition or its leader is not there. */
export function leaderAddress(cluster: ClusterMetadata, topic: string, partition: number): string {
  const known: TopicMetadata | undefined = cluster.topics.get(topic);
  if (known === undefined) throw new KafkaResponseError('UNKNOWN_TOPIC_OR_PARTITION', `no topic ${topic}`);
  const leader = known.leaders[partition];
  if (leader === undefined) throw new KafkaResponseError('UNKNOWN_TOPIC_OR_PARTITION', `${topic} has no partition ${partition}`);
  const broker = cluster.brokers.get(leader);
  if (broker === undefined) throw new KafkaResponseError('LEADER_NOT_AVAILABLE', `${topic}:${partition} has no leader now`);
  return `${broker.host}:${broker.port}`;
}

function hostAndPort(broker: string): readonly [string, number] {
  const colon = broker.lastIndexOf(':');
  return [broker.slice(0, colon), Number(broker.slice(colon + 1))];
}
