export type * from './core/records.ts';
export * from './cluster.port.ts';
export type * from './settled-feed.port.ts';
export type * from './snapshots.port.ts';
export type * from './command-gateway.port.ts';
export { restAfterFetch } from './core/rest-after-fetch.ts';
export { Condition } from './writer/condition.ts';
export { SerialAppender } from './writer/serial-appender.ts';
export { ShardReading } from './core/shard-reading.ts';
export { readingLimits, type ReadingEvent, type ReadingLimits, type ShardResume } from './core/reading-events.ts';
export type { LogCursor } from './core/cursor.ts';
export {
  decodeLineage,
  decodeReceipts,
  decodeShardRecord,
  encodeLineage,
  encodeReceipts,
  encodeShardRecord,
  type Decoded,
} from './core/record-codec.ts';
export { openSettledFeed, type OpenSettledFeed, type SettledFeedOptions } from './feed/settled-feed.ts';
export type { FeedObserver } from './feed/feed-state.ts';
export { readStretch, type Stretch } from './feed/read-stretch.ts';
export { ShardWriters, type ShardWritersOptions } from './writer/shard-writers.ts';
export { connectKafkaCluster, type KafkaClusterOptions } from './kafka/kafka-cluster.ts';
export { InMemoryBroker } from './in-memory/in-memory-broker.ts';
export type { AppendFate, InMemoryBrokerOptions } from './in-memory/in-memory-logs.ts';
export { oneByOne } from './in-memory/one-by-one.ts';
export { InMemoryMirror, type InMemoryMirrorOptions } from './in-memory/in-memory-mirror.ts';
export type { InMemoryCluster } from './in-memory/in-memory-cluster.ts';
