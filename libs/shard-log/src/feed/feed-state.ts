import { assert } from '#kernel';
import {
  eventsTopic,
  lineageRecordSchema,
  segmentsOf,
  shardOf,
  topicIn,
  type Lineage,
  type LineageRecord,
  type Region,
  type ShardId,
} from '#contracts';
import type { ReadFrom, StoredRecord, TopicPartition } from '../cluster.port.ts';
import { readingLimits, type ReadingEvent, type ReadingLimits, type ShardResume } from '../core/reading-events.ts';
import { decodeLineage, decodeReceipts, decodeShardRecord } from '../core/record-codec.ts';
import type { Position, Receipt } from '../core/records.ts';
import { ShardReading } from '../core/shard-reading.ts';
import type { FeedCheckpoint, SettledCommit } from '../settled-feed.port.ts';
import { FeedPositions, positionKey } from './feed-positions.ts';
import { feedShards, feedTopics, type FeedScope, type FeedTopic } from './feed-topics.ts';

/** Sees all that a feed reads, before it is settled: what a shard's writer and the region agent need. Called synchronously. */
export interface FeedObserver {
  /** Once per shard, before any record. */
  onReading?(shard: ShardId, reading: ShardReading): void;
  onEvents?(shard: ShardId, events: readonly ReadingEvent[]): void;
  onReceipt?(receipt: Receipt, by: Region): void;
  /** After the readings have learned it. */
  onLineage?(lineage: Lineage): void;
  /** After each batch of the reader. */
  onRead?(): void;
}

/** What came of some records. */
export interface FeedOutcome {
  readonly commits: SettledCommit[];
  readonly moved: Record<ShardId, number>;
  readonly unreadable: { readonly record: StoredRecord; readonly reason: string }[];
  readonly stopped: { readonly shard: ShardId; readonly reason: string }[];
  readonly pause: TopicPartition[];
  readonly resume: TopicPartition[];
}

interface FollowedShard {
  readonly id: ShardId;
  readonly reading: ShardReading;
  readonly partition: number;
  /** By log: its events topic as named here, and that partition's key. */
  readonly topics: ReadonlyMap<Region, { readonly topic: string; readonly key: string }>;
  /** As of the last checkpoint; undefined when it has moved since. */
  stored: { readonly resume: ShardResume; readonly needed: readonly (readonly [key: string, offset: number])[] } | undefined;
}

/**
 * The fold of all that a feed reads, for many shards: records in, settled commits and a checkpoint out. Pure: no I/O, no clock.
 *
 * Started again from a checkpoint, it yields each settled commit that was not yet yielded at the checkpoint exactly once. Records that are
 * delivered again are harmless; a shard that stops does not stop its neighbours. A checkpoint serves the services it was made with.
 */
export class FeedState {
  readonly #scope: FeedScope;
  readonly #observer: FeedObserver;
  readonly #topics: ReadonlyMap<string, FeedTopic>;
  readonly #positions: FeedPositions;
  readonly #shards = new Map<ShardId, FollowedShard>();
  readonly #heldBy = new Map<string, Set<ShardId>>();
  #lineage: LineageRecord | undefined;
  /** Shards that must be told the lineage again. */
  readonly #toLearn = new Set<FollowedShard>();
  #readSinceCheckpoint = 0;

  constructor(scope: FeedScope, from: FeedCheckpoint | undefined, observer: FeedObserver = {}, limits: ReadingLimits = readingLimits) {
    assert(from === undefined || from.version === 1, 'a feed understands checkpoints of version 1');
    this.#scope = scope;
    this.#observer = observer;
    const topics = feedTopics(scope);
    this.#topics = new Map(topics.map((topic) => [topic.topic, topic]));
    this.#positions = new FeedPositions(topics, from);
    for (const id of feedShards(scope)) this.#follow(id, from?.shards[id] as ShardResume | undefined, limits);
    if (from !== undefined && from.lineage !== null) this.#lineage = lineageRecordSchema.parse(from.lineage);
  }

  /** Tells the observer of every shard, and the shards of the lineage that the checkpoint holds. Call once, before `apply`. */
  start(): FeedOutcome {
    const outcome = emptyOutcome();
    for (const { id, reading } of this.#shards.values()) this.#observer.onReading?.(id, reading);
    if (this.#lineage !== undefined) this.#learn(this.#lineage, outcome);
    return outcome;
  }

  apply(records: readonly StoredRecord[]): FeedOutcome {
    const outcome = emptyOutcome();
    for (const shard of this.#toLearn) this.#learnOne(shard, outcome);
    this.#toLearn.clear();
    for (const record of records) this.#read(record, outcome);
    this.#readSinceCheckpoint += records.length;
    return outcome;
  }

  /** Everything needed to go on from here. Costs the shards that moved since the last one, and a look at each partition. */
  checkpoint(): FeedCheckpoint {
    this.#readSinceCheckpoint = 0;
    const offsets = this.#positions.offsets();
    const shards: Record<ShardId, ShardResume> = {};
    for (const shard of this.#shards.values()) {
      shard.stored ??= storedOf(shard);
      shards[shard.id] = shard.stored.resume;
      for (const [key, offset] of shard.stored.needed) offsets[key] = Math.min(offset, offsets[key] ?? offset);
    }
    return { version: 1, offsets, topicIds: this.#positions.topicIds, shards, lineage: this.#lineage ?? null };
  }

  get readSinceCheckpoint(): number {
    return this.#readSinceCheckpoint;
  }

  get topics(): readonly FeedTopic[] {
    return [...this.#topics.values()];
  }

  get stoppedShards(): ReadonlyMap<ShardId, string> {
    const stopped = [...this.#shards.values()].flatMap(({ id, reading }) =>
      reading.stopped === undefined ? [] : [[id, reading.stopped] as const],
    );
    return new Map(stopped);
  }

  /** Where to read now: after a start from the checkpoint's offsets, later from what was read. */
  readFrom(): readonly ReadFrom[] {
    return this.topics.flatMap(({ topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: this.#positions.next(topic, partition) ?? 0 })),
    );
  }

  /** The partitions that are held back now. */
  get paused(): readonly TopicPartition[] {
    return this.topics.flatMap(({ topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })).filter(
        (at) => (this.#heldBy.get(positionKey(at.topic, at.partition))?.size ?? 0) > 0,
      ),
    );
  }

  nextOffset(topic: string, partition: number): number | undefined {
    return this.#positions.next(topic, partition);
  }

  topicId(topic: string): string | undefined {
    return this.#positions.topicId(topic);
  }

  /** Takes down Kafka's id of a topic. True: it was created anew, and is to be read from 0; an own one with its cursors kept, a mirror without them. */
  identify(topic: string, id: string): boolean {
    const known = this.#positions.topicId(topic);
    this.#positions.identify(topic, id);
    const recreated = known !== undefined && known !== id;
    const route = this.#topics.get(topic);
    assert(route !== undefined, `the feed reads ${topic}`);
    if (!recreated) return false;
    this.#positions.restart(route);
    if (route.kind === 'events')
      for (const shard of this.#shards.values()) if (shard.topics.get(route.log)?.topic === topic) this.#madeAnew(shard, route.log);
    return true;
  }

  #madeAnew(shard: FollowedShard, log: Region): void {
    if (log === this.#scope.here) return rereadFromStart(shard, log);
    this.#take(shard, shard.reading.mirrorMadeAnew(log), emptyOutcome()); // no reader runs now that could be paused or resumed
    this.#toLearn.add(shard);
  }

  #follow(id: ShardId, resume: ShardResume | undefined, limits: ReadingLimits): void {
    const { service, partition } = shardOf(id);
    const topics = this.#scope.regions.map((log) => {
      const topic = topicIn(this.#scope.here, log, eventsTopic(service));
      return [log, { topic, key: positionKey(topic, partition) }] as const;
    });
    const reading = new ShardReading(id, resume, limits);
    this.#shards.set(id, { id, reading, partition, topics: new Map(topics), stored: undefined });
  }

  #read(record: StoredRecord, outcome: FeedOutcome): void {
    const route = this.#topics.get(record.topic);
    const next = this.#positions.next(record.topic, record.partition);
    assert(route !== undefined && next !== undefined, `the feed reads ${record.topic}, partition ${record.partition}`);
    // An offset that was read before: the partition has begun anew, so what waits has no offset that means anything.
    if (record.offset < next && route.kind === 'events')
      for (const shard of this.#shards.values())
        if (shard.partition === record.partition && shard.topics.get(route.log)?.topic === record.topic) rereadFromStart(shard, route.log);
    this.#positions.read(record.topic, record.partition, record.offset);
    if (route.kind === 'events') this.#readEvent(record, route.log, outcome);
    else if (route.kind === 'receipts') this.#readReceipts(record, route.by, outcome);
    else this.#readLineage(record, outcome);
  }

  #readEvent(record: StoredRecord, log: Region, outcome: FeedOutcome): void {
    const decoded = decodeShardRecord(record);
    if (!decoded.readable) {
      outcome.unreadable.push({ record, reason: decoded.reason });
      return;
    }
    const shard = this.#shards.get(decoded.value.shard);
    if (shard === undefined) outcome.unreadable.push({ record, reason: `shard ${decoded.value.shard} is none of this topology` });
    else this.#take(shard, shard.reading.record({ log, offset: record.offset }, decoded.value), outcome);
  }

  #readReceipts(record: StoredRecord, by: Region, outcome: FeedOutcome): void {
    const decoded = decodeReceipts(record);
    if (!decoded.readable || decoded.value.by !== by) {
      outcome.unreadable.push({ record, reason: decoded.readable ? `receipts by ${decoded.value.by} in ${record.topic}` : decoded.reason });
      return;
    }
    if (decoded.value.kind === 'cut') {
      for (const shard of this.#shards.values()) this.#take(shard, shard.reading.receipts(by, decoded.value), outcome);
      return;
    }
    for (const receipt of decoded.value.receipts) {
      const shard = this.#shards.get(receipt.shard);
      if (shard === undefined) continue; // a shard of a service that this feed does not follow
      this.#take(shard, shard.reading.receipt(by, receipt), outcome);
      this.#observer.onReceipt?.(receipt, by);
    }
  }

  #readLineage(record: StoredRecord, outcome: FeedOutcome): void {
    const decoded = decodeLineage(record);
    if (!decoded.readable) outcome.unreadable.push({ record, reason: decoded.reason });
    else if (this.#lineage === undefined || decoded.value.revision > this.#lineage.revision) this.#learn(decoded.value, outcome);
  }

  #learn(record: LineageRecord, outcome: FeedOutcome): void {
    this.#lineage = record;
    for (const shard of this.#shards.values()) this.#learnOne(shard, outcome);
    this.#observer.onLineage?.(record.lineage);
  }

  #learnOne(shard: FollowedShard, outcome: FeedOutcome): void {
    if (this.#lineage !== undefined) this.#take(shard, shard.reading.learn(segmentsOf(this.#lineage.lineage, shard.id)), outcome);
  }

  #take(shard: FollowedShard, events: readonly ReadingEvent[], outcome: FeedOutcome): void {
    shard.stored = undefined;
    if (events.length === 0) return;
    for (const event of events) {
      if (event.type === 'settled') {
        outcome.commits.push({ commit: event.commit, durability: event.durability, ...this.#placeOf(shard, event.position) });
        outcome.moved[shard.id] = event.commit.seq;
      } else if (event.type === 'stopped') outcome.stopped.push({ shard: shard.id, reason: event.reason });
      else if (event.type === 'held' || event.type === 'released') this.#holdBack(shard, event.log, event.type === 'held', outcome);
    }
    this.#observer.onEvents?.(shard.id, events);
  }

  #placeOf(shard: FollowedShard, position: Position): TopicPartition & { readonly offset: number } {
    const at = shard.topics.get(position.log);
    assert(at !== undefined, 'a shard is read from the logs of the topology');
    return { topic: at.topic, partition: shard.partition, offset: position.offset };
  }

  /** A partition is paused while any of its shards needs it to be. */
  #holdBack(shard: FollowedShard, log: Region, held: boolean, outcome: FeedOutcome): void {
    const at = shard.topics.get(log);
    assert(at !== undefined, 'a shard is read from the logs of the topology');
    const holders = this.#heldBy.get(at.key) ?? new Set<ShardId>();
    const before = holders.size > 0;
    if (held) holders.add(shard.id);
    else holders.delete(shard.id);
    this.#heldBy.set(at.key, holders);
    if (before === holders.size > 0) return;
    (held ? outcome.pause : outcome.resume).push({ topic: at.topic, partition: shard.partition });
  }
}

const emptyOutcome = (): FeedOutcome => ({ commits: [], moved: {}, unreadable: [], stopped: [], pause: [], resume: [] });

function rereadFromStart(shard: FollowedShard, log: Region): void {
  shard.reading.rereadFromStart(log);
  shard.stored = undefined;
}

function storedOf({ reading, topics }: FollowedShard): NonNullable<FollowedShard['stored']> {
  const needed = [...topics].flatMap(([log, { key }]) => {
    const offset = reading.neededFrom(log);
    return offset === undefined ? [] : [[key, offset] as const];
  });
  return { resume: reading.resume(), needed };
}
