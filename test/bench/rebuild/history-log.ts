import { setTimeout as delay } from 'node:timers/promises';
import { assert } from '#kernel';
import {
  eventsTopic,
  firstLineage,
  shardOf,
  topicIn,
  topicsOfARegion,
  mirroredTopics,
  type CommandId,
  type Homes,
  type Lineage,
  type Region,
  type Segment,
  type ShardId,
} from '#contracts';
import {
  encodeLineage,
  encodeReceipts,
  encodeShardRecord,
  type Appender,
  type LogCluster,
  type NewRecord,
  type PartitionBatch,
  type Receipt,
  type ShardRecord,
} from '#shard-log';

export interface HistoryTopology extends Homes {
  /** Two: each mirrors the other. */
  readonly regions: readonly [Region, Region];
}

export interface HistoryCommit {
  readonly streams: readonly string[];
  readonly body: string;
  readonly cause: CommandId;
  readonly correlation: string;
}

interface ShardStanding {
  segment: Segment;
  generation: number;
  writer: string;
  seq: number;
  /** Of the present term: what its mirror has said it accepted. */
  receipted: number;
  /** Commits of the present term that stand after `seq`, and that nobody has heard of. */
  stranded: number;
}

const flushRecords = 4_000;
const receiptsEveryCommits = 2_000;
const reopenEveryCommits = 5_000;

/**
 * Writes what stands in ONE region's cluster after a history with several owners: commits, fences, closes and receipts of both regions (the
 * other's under the mirrors' names), and the lineage as it grew. It is what the agents and writers of two healthy regions would have written,
 * with what a loss leaves behind: stranded commits and a zombie's.
 */
export class HistoryLog {
  readonly #cluster: LogCluster;
  readonly #here: Region;
  readonly #topology: HistoryTopology;
  readonly #shards = new Map<ShardId, ShardStanding>();
  readonly #waiting = new Map<string, { topic: string; partition: number; records: NewRecord[] }>();
  #appender: Appender | undefined;
  #lineage: Lineage;
  #revision = 1;
  #waitingRecords = 0;
  #commits = 0;

  constructor(cluster: LogCluster, here: Region, topology: HistoryTopology) {
    this.#cluster = cluster;
    this.#here = here;
    this.#topology = topology;
    this.#lineage = firstLineage(topology);
    for (const [id, segments] of Object.entries(this.#lineage.shards))
      this.#shards.set(id as ShardId, { segment: segments[0]!, generation: 0, writer: '', seq: 0, receipted: 0, stranded: 0 });
  }

  async open(): Promise<void> {
    const { regions, partitions } = this.#topology;
    const own = topicsOfARegion(partitions);
    const mirrors = regions
      .filter((region) => region !== this.#here)
      .flatMap((origin) =>
        own.filter(({ topic }) => mirroredTopics.includes(topic)).map((of) => ({ ...of, topic: topicIn(this.#here, origin, of.topic) })),
      );
    await this.#cluster.createTopics([...own, ...mirrors]);
    this.#appender = await this.#cluster.appender('history');
    this.#writeLineage();
  }

  get commits(): number {
    return this.#commits;
  }

  ownerOf(shard: ShardId): Region {
    return this.#of(shard).segment.owner;
  }

  /** The next commit of the shard, by its owner. */
  commit(shard: ShardId, commit: HistoryCommit): void {
    const standing = this.#of(shard);
    if (standing.generation === 0 || this.#commits % reopenEveryCommits === 0) this.#fence(shard, standing);
    standing.seq += 1;
    this.#commits += 1;
    this.#append(shard, standing.segment.owner, this.#commitOf(shard, standing, standing.seq, commit));
    if (this.#commits % receiptsEveryCommits === 0) this.#receiptAll();
  }

  /** The owner wrote it, and was lost before anybody heard: to be followed by `lose`. */
  strand(shard: ShardId, commit: HistoryCommit): void {
    const standing = this.#of(shard);
    if (standing.generation === 0) this.#fence(shard, standing);
    if (standing.stranded === 0) this.#receipt([shard]);
    standing.receipted = standing.seq;
    standing.stranded += 1;
    this.#append(shard, standing.segment.owner, this.#commitOf(shard, standing, standing.seq + standing.stranded, commit));
  }

  /** Region `lost` dies, the other claims a term, cuts, closes and goes on alone with every shard. */
  lose(lost: Region): void {
    const survivor = this.#other(lost);
    this.#receiptAll();
    const term = this.#lineage.term + 1;
    this.#appendTo(topicIn(this.#here, survivor, 'receipts'), 0, encodeReceipts({ kind: 'cut', by: survivor, term }));
    for (const [shard, standing] of this.#shards) {
      if (standing.segment.owner === survivor) this.#close(shard, standing);
      else if (standing.generation > 0) {
        // A zombie: it has not heard that its term is over, and goes on for a while.
        const late = { streams: ['late'], body: '{}', cause: 'late' as CommandId, correlation: 'late' };
        this.#append(shard, lost, this.#commitOf(shard, standing, standing.seq + standing.stranded + 1, late));
      }
      this.#begin(shard, standing, { term, owner: survivor, base: standing.seq, mode: 'solo', mirror: lost });
    }
    this.#grow(term, { status: 'solo', region: survivor });
  }

  /** The lost region is back: the survivor goes on paired, then each region gets what is at home there. */
  giveBack(back: Region): void {
    const survivor = this.#other(back);
    this.#nextSegments((_, owner) => owner, { status: 'rejoining', region: back });
    this.#receiptAll();
    this.#nextSegments((home) => home, { status: 'paired' });
    assert(this.#lineage.status.status === 'paired' && survivor !== back, 'both are back');
  }

  /** Everything is in the log, and every commit settled. */
  async finish(): Promise<void> {
    this.#receiptAll();
    await this.flush(true);
    await this.#appender?.close();
  }

  /** Awaited now and then, so that little waits in memory. */
  async flush(evenLittle = false): Promise<void> {
    if (this.#waitingRecords === 0 || (!evenLittle && this.#waitingRecords < flushRecords)) return;
    const batches: PartitionBatch[] = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#waitingRecords = 0;
    for (const outcome of await this.#appender!.appendEach(batches)) if (outcome instanceof Error) throw outcome;
    await delay(0); // requests are sent, timers run
  }

  #nextSegments(ownerOf: (home: Region, owner: Region) => Region, status: Lineage['status']): void {
    const term = this.#lineage.term + 1;
    for (const [shard, standing] of this.#shards) {
      const owner = ownerOf(shardOf(shard).home, standing.segment.owner);
      this.#close(shard, standing);
      if (standing.segment.mode === 'paired') {
        standing.receipted = standing.seq;
        this.#receipt([shard]);
      }
      this.#begin(shard, standing, { term, owner, base: standing.seq, mode: 'paired', mirror: this.#other(owner) });
    }
    this.#grow(term, status);
  }

  #begin(shard: ShardId, standing: ShardStanding, segment: Segment): void {
    Object.assign(standing, { segment, generation: 0, writer: '', receipted: segment.base, stranded: 0 });
    this.#lineage = { ...this.#lineage, shards: { ...this.#lineage.shards, [shard]: [...this.#lineage.shards[shard]!, segment] } };
  }

  #grow(term: number, status: Lineage['status']): void {
    this.#lineage = { ...this.#lineage, term, status };
    this.#revision += 1;
    this.#writeLineage();
  }

  #writeLineage(): void {
    this.#appendTo('lineage', 0, encodeLineage({ revision: this.#revision, lineage: this.#lineage }));
  }

  #fence(shard: ShardId, standing: ShardStanding): void {
    const { term, owner } = standing.segment;
    standing.generation += 1;
    standing.writer = `${owner}-${term}-${standing.generation}`;
    const { generation, writer, seq } = standing;
    this.#append(shard, owner, { kind: 'fence', shard, term, generation, writer, base: seq });
  }

  #close(shard: ShardId, { segment }: ShardStanding): void {
    this.#append(shard, segment.owner, { kind: 'close', shard, term: segment.term });
  }

  #commitOf(shard: ShardId, { segment, generation, writer }: ShardStanding, seq: number, commit: HistoryCommit): ShardRecord {
    return { kind: 'commit', shard, term: segment.term, generation, writer, seq, traceparent: '', ...commit };
  }

  #receiptAll(): void {
    const moved = [...this.#shards].filter(([, { segment, seq, receipted }]) => segment.mode === 'paired' && seq > receipted);
    for (const [, standing] of moved) standing.receipted = standing.seq;
    this.#receipt(moved.map(([shard]) => shard));
  }

  #receipt(shards: readonly ShardId[]): void {
    const byMirror = Map.groupBy(shards, (shard) => this.#of(shard).segment.mirror);
    for (const [by, own] of byMirror) {
      const receipts = own.map((shard): Receipt => {
        const { segment, generation, writer, seq } = this.#of(shard);
        return { shard, term: segment.term, generation, writer: writer === '' ? null : writer, seq };
      });
      this.#appendTo(topicIn(this.#here, by, 'receipts'), 0, encodeReceipts({ kind: 'receipts', by, receipts }));
    }
  }

  #append(shard: ShardId, log: Region, record: ShardRecord): void {
    const { service, partition } = shardOf(shard);
    this.#appendTo(topicIn(this.#here, log, eventsTopic(service)), partition, encodeShardRecord(record));
  }

  #appendTo(topic: string, partition: number, record: NewRecord): void {
    const key = `${topic}:${partition}`;
    const batch = this.#waiting.get(key) ?? { topic, partition, records: [] };
    batch.records.push(record);
    this.#waiting.set(key, batch);
    this.#waitingRecords += 1;
  }

  #of(shard: ShardId): ShardStanding {
    const standing = this.#shards.get(shard);
    assert(standing !== undefined, `${shard} is a shard of the topology`);
    return standing;
  }

  #other(region: Region): Region {
    return this.#topology.regions.find((other) => other !== region)!;
  }
}
