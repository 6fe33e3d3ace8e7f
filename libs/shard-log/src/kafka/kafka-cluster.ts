import type {
  Appender,
  CommandConsumer,
  CommandConsumerOptions,
  LogCluster,
  LogReader,
  ReaderOptions,
  TopicDescription,
} from '../cluster.port.ts';
import { ClusterSession, leaderAddress, type SessionSettings } from './cluster-session.ts';
import { KafkaAppender } from './kafka-appender.ts';
import { KafkaCommandConsumer } from './kafka-command-consumer.ts';
import { KeptSession } from './kept-session.ts';
import { KafkaReader, type ReaderSettings } from './kafka-reader.ts';
import { createTopicsCall, KafkaResponseError, responseErrorOf } from './kafka-protocol.ts';

export interface KafkaClusterOptions {
  /** `host:port` of one or more brokers, tried in turn. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Told of each reconnect and its cause: for logs. Nothing else is ever printed. */
  onTrouble?(what: string, error: Error): void;
}

/** For a broker in the same region: what takes longer than this is a fault. */
const timing = {
  connectTimeoutMs: 2_500,
  requestTimeoutMs: 3_000,
  acknowledgeTimeoutMs: 3_000,
  createTimeoutMs: 10_000,
  fetchWaitMs: 500,
  missingTopicPollMs: 500,
  retryDelayMs: 150,
  sessionTimeoutMs: 2_000,
  rebalanceTimeoutMs: 3_000,
  heartbeatMs: 400,
  commitMs: 400,
};
const fetchBytesPerPartition = 1024 * 1024;
const fetchBytes = 8 * 1024 * 1024;

/** Kafka through the wire protocol of kafkajs. Connects when first used; `close` closes what it handed out. */
export function connectKafkaCluster(options: KafkaClusterOptions): LogCluster {
  return new KafkaCluster(options);
}

class KafkaCluster implements LogCluster {
  readonly #session: SessionSettings;
  readonly #onTrouble: (what: string, error: Error) => void;
  readonly #open = new Set<{ close(): Promise<void> }>();
  readonly #questions: KeptSession<ClusterSession>;

  constructor({ brokers, clientId, onTrouble }: KafkaClusterOptions) {
    this.#session = { brokers, clientId, connectTimeoutMs: timing.connectTimeoutMs, requestTimeoutMs: timing.requestTimeoutMs };
    this.#onTrouble = onTrouble ?? (() => undefined);
    this.#questions = new KeptSession(() => new ClusterSession(this.#session));
  }

  async createTopics(topics: Parameters<LogCluster['createTopics']>[0]): Promise<void> {
    await this.#apart(async (session) => {
      const cluster = await session.metadata(topics.map(({ topic }) => topic));
      for (const { topic, partitions } of topics) {
        const existing = cluster.topics.get(topic)?.leaders.length ?? partitions;
        if (existing !== partitions)
          throw new Error(`${topic} has ${existing} partitions, not ${partitions}: the number is fixed for the life of a log`);
      }
      const missing = topics.filter(({ topic }) => !cluster.topics.has(topic));
      const [broker] = cluster.brokers.values();
      if (missing.length === 0) return;
      if (broker === undefined) throw responseErrorOf(brokerNotAvailable);
      const wanted = missing.map(({ topic, partitions, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: -1, // the cluster's default
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      }));
      const call = createTopicsCall(wanted, timing.acknowledgeTimeoutMs);
      const answer = await session.ask(`${broker.host}:${broker.port}`, call, timing.acknowledgeTimeoutMs + timing.requestTimeoutMs);
      for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
        if (errorCode === 0 || errorCode === topicAlreadyExists) continue; // another instance was first
        throw new KafkaResponseError(responseErrorOf(errorCode).type, `${topic}: ${errorMessage ?? 'not created'}`);
      }
      for (const { topic } of missing) await untilServed(session, topic);
    });
  }

  async describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    return this.#ask(async (session) => {
      const cluster = await session.metadata(topics);
      const ends = await session.ends(cluster);
      return new Map([...cluster.topics].map(([topic, { id }]) => [topic, { id, ends: ends.get(topic)! }]));
    });
  }

  async endOffsets(topic: string): Promise<readonly number[]> {
    const described = (await this.describe([topic])).get(topic);
    if (described === undefined) throw new KafkaResponseError('UNKNOWN_TOPIC_OR_PARTITION', `no topic ${topic}`);
    return described.ends;
  }

  /** Of the metadata alone: an answer also while a partition has no leader. */
  async topicId(topic: string): Promise<string | undefined> {
    return this.#ask(async (session) => (await session.metadata([topic])).topics.get(topic)?.id);
  }

  async appender(name: string): Promise<Appender> {
    const settings = { ...this.#session, clientId: `${this.#session.clientId}.${name}`, acknowledgeTimeoutMs: timing.acknowledgeTimeoutMs };
    return this.#tracked(new KafkaAppender(settings));
  }

  async read(options: ReaderOptions): Promise<LogReader> {
    return this.#tracked(await KafkaReader.start(this.#readerSettings(options.name), options));
  }

  async consumeCommands(options: CommandConsumerOptions): Promise<CommandConsumer> {
    const settings = {
      group: { ...this.#session, sessionTimeoutMs: timing.sessionTimeoutMs, rebalanceTimeoutMs: timing.rebalanceTimeoutMs },
      reader: this.#readerSettings(options.group),
      heartbeatMs: timing.heartbeatMs,
      commitMs: timing.commitMs,
      onTrouble: this.#onTrouble,
    };
    return this.#tracked(new KafkaCommandConsumer(settings, options));
  }

  async close(): Promise<void> {
    try {
      await Promise.all([...this.#open].map((handed) => handed.close()));
    } finally {
      this.#open.clear();
      this.#questions.close();
    }
  }

  #readerSettings(name: string): ReaderSettings {
    const { fetchWaitMs, missingTopicPollMs, retryDelayMs } = timing;
    const clientId = `${this.#session.clientId}.${name}`;
    return {
      ...this.#session,
      clientId,
      fetchWaitMs,
      fetchBytes,
      fetchBytesPerPartition,
      missingTopicPollMs,
      retryDelayMs,
      onTrouble: this.#onTrouble,
    };
  }

  #tracked<T extends { close(): Promise<void> }>(handed: T): T {
    this.#open.add(handed);
    return handed;
  }

  /** While leaders change office a question is asked again; an unreachable cluster fails at once. */
  async #ask<T>(question: (session: ClusterSession) => Promise<T>): Promise<T> {
    return whileLeadersChange(Date.now() + timing.requestTimeoutMs, () => this.#questions.ask(question));
  }

  /** On connections of its own: what takes the broker long must not keep the questions waiting behind it. */
  async #apart<T>(work: (session: ClusterSession) => Promise<T>): Promise<T> {
    const session = new ClusterSession(this.#session);
    try {
      return await whileLeadersChange(Date.now() + timing.requestTimeoutMs, () => work(session));
    } finally {
      session.end();
    }
  }
}

const leadersChanging: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'UNKNOWN_LEADER_EPOCH',
]);

async function whileLeadersChange<T>(deadline: number, ask: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof KafkaResponseError && leadersChanging.has(error.type);
      if (!passing || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

/** A new topic is known a little earlier than its partitions' leaders take office. */
async function untilServed(session: ClusterSession, topic: string): Promise<void> {
  const deadline = Date.now() + timing.createTimeoutMs;
  for (;;) {
    try {
      const cluster = await session.metadata([topic]);
      leaderAddress(cluster, topic, 0);
      await session.ranges(cluster, topic, [...cluster.topics.get(topic)!.leaders.keys()]);
      return;
    } catch (error) {
      if (!(error instanceof KafkaResponseError) || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const brokerNotAvailable = 8;
const topicAlreadyExists = 36;
