/**
 * What Evenkeel asks of a region's Kafka cluster. Two adapters pass one contract suite: `kafka/` (kafkajs) and `in-memory/`.
 *
 * Offsets are plain numbers (exact up to 2^53). Header values are UTF-8 text. Every wait is bounded by the option that names it.
 */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, as the broker stored it. */
  readonly timestampMs: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
}

export type NewRecord = Pick<StoredRecord, 'key' | 'headers' | 'value'>;

export interface Appended {
  /** Offset of the first record; the others follow without a gap. */
  readonly firstOffset: number;
}

/** The append may or may not be in the log: a timeout, a lost connection. The only honest reaction is to read the log. */
export class DoubtfulAppendError extends Error {
  override readonly name = 'DoubtfulAppendError';
  /** True when the broker could not be reached and nothing was sent: certainly not in the log, but worth another try. */
  readonly nothingSent: boolean;
  constructor(message: string, options: { readonly nothingSent: boolean } = { nothingSent: false }) {
    super(message);
    this.nothingSent = options.nothingSent;
  }
}

/** The append is certainly not in the log and never will be, for a reason that lies in the records: one is too large, or malformed. */
export class RefusedAppendError extends Error {
  override readonly name = 'RefusedAppendError';
}

/** A log is not the one that was read before (created anew), or ends before the position: going on would skip records silently. */
export class LogChangedError extends Error {
  override readonly name = 'LogChangedError';
}

export interface Appender {
  /**
   * Appends the records as one batch, acknowledged by all in-sync replicas. Never retries.
   * @throws DoubtfulAppendError, RefusedAppendError
   */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended>;
  /**
   * Appends to several different partitions with one request to each broker that leads some of them: a request costs far more than a
   * record. Each batch is appended, or not, by itself; what became of it stands at its place in the answer. Never retries, never rejects.
   */
  appendEach(batches: readonly PartitionBatch[]): Promise<readonly (Appended | DoubtfulAppendError | RefusedAppendError)[]>;
  close(): Promise<void>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Records for one partition, at least one. */
export interface PartitionBatch extends TopicPartition {
  readonly records: readonly NewRecord[];
}

export interface ReadFrom extends TopicPartition {
  /** Next offset to read: 'end' for the end as of now; one below the log's start begins at the start. */
  readonly offset: number | 'end';
}

export interface LogReader {
  /** Stops delivering records of these partitions, without losing its place, until `resume`. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Stops reading; a running `onBatch` is awaited. */
  close(): Promise<void>;
}

export interface ReaderOptions {
  /** Name in logs and metrics. */
  readonly name: string;
  readonly from: readonly ReadFrom[];
  /** Milliseconds to rest after a fetch that brought so many records, more than 0. The first one after a quiet time never waits. Default: `restAfterFetch`. */
  readonly restMs?: (records: number) => number;
  /**
   * Called serially with records of one partition, in offset order, each at most once per reader. The next fetch of any partition
   * waits for it: that is the back-pressure. A rejection stops the reader and reaches `onStopped`.
   */
  onBatch(records: readonly StoredRecord[]): Promise<void>;
  /** The reader cannot go on by itself. Lost connections are not reported: it reconnects and goes on where it was. */
  onStopped(error: Error): void;
}

export interface CommandConsumer {
  /** Everything before `offset` of this partition is done: where the next owner of the partition begins. */
  done(partition: number, offset: number): void;
  close(): Promise<void>;
}

export interface CommandConsumerOptions {
  readonly group: string;
  readonly topic: string;
  /** The group gave this instance these partitions (all it has now). */
  onAssigned(partitions: readonly number[]): void;
  /** Serial per partition; resolves when the records are taken into memory, not when they are done. Bounded by the receiver. */
  onBatch(partition: number, records: readonly StoredRecord[]): Promise<void>;
  onStopped(error: Error): void;
}

export interface TopicDescription {
  /** Kafka's id of the topic: it changes when the topic is created anew. */
  readonly id: string;
  /** Offset after the last record of each partition. */
  readonly ends: readonly number[];
}

export interface LogCluster {
  /** Creates missing topics; never changes existing ones. Fails when an existing topic has another number of partitions. */
  createTopics(topics: readonly { topic: string; partitions: number; config: Readonly<Record<string, string>> }[]): Promise<void>;
  /**
   * Those of the topics that exist, by name. For whoever asks about several, or from time to time: the cost is that of one question,
   * however many topics there are.
   */
  describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  /** Offset after the last record of each partition. Fails when the topic does not exist. */
  endOffsets(topic: string): Promise<readonly number[]>;
  /** Kafka's id of the topic (it changes when the topic is created anew), or undefined when there is none. */
  topicId(topic: string): Promise<string | undefined>;
  /** One connection that sends one request at a time. */
  appender(name: string): Promise<Appender>;
  /** Reads the named partitions with positions kept by the caller; waits for topics that do not exist yet. */
  read(options: ReaderOptions): Promise<LogReader>;
  /** Joins a consumer group, for its assignment of partitions to instances; progress is kept by Kafka. */
  consumeCommands(options: CommandConsumerOptions): Promise<CommandConsumer>;
  close(): Promise<void>;
}
