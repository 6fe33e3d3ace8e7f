import { afterEach } from 'vitest';
import {
  commandId,
  defineEvents,
  eventsTopic,
  firstLineage,
  region,
  segmentsOf,
  shardId,
  topicIn,
  topicsOfARegion,
  type Lineage,
  type Region,
  type Segment,
  type ShardId,
  type Topology,
} from '#contracts';
import { accept, assert, reject, type Decider } from '#kernel';
import { z } from 'zod';
import type { Answer } from '../command-gateway.port.ts';
import { decodeReceipts, encodeLineage, encodeReceipts, encodeShardRecord } from '../core/record-codec.ts';
import type { Receipt } from '../core/records.ts';
import type { ShardReading } from '../core/shard-reading.ts';
import { openSettledFeed, type OpenSettledFeed } from '../feed/settled-feed.ts';
import { InMemoryBroker } from '../in-memory/in-memory-broker.ts';
import { InMemoryMirror } from '../in-memory/in-memory-mirror.ts';
import type { SettledCommit } from '../settled-feed.port.ts';
import { ShardWriters } from './shard-writers.ts';

export const [east, west] = [region('east'), region('west')];
const service = 'inventory';
/** The shards that have their home in east and in west; both stand in partition 0. */
export const [eastern, western] = [east, west].map((home) => shardId({ service, home, partition: 0 })) as [ShardId, ShardId];
const topology = { homes: [east, west], catalogue: east, partitions: 1, regions: { east: {}, west: {} } } as unknown as Topology;

type Take = { readonly type: 'Take'; readonly stream: string; readonly id: string };
const events = defineEvents({ Taken: { 1: z.object({ stream: z.string(), id: z.string() }) } });
type Taken = typeof events.Event;
type Ids = readonly string[];

/** A stream is the ids that were taken, each once; `full` is refused. */
const decider: Decider<Take, Taken, Ids, { code: 'full' }> = {
  streamsOf: ({ stream }) => [stream],
  streamsChangedBy: ({ stream }) => [stream],
  initialState: () => [],
  decide: ({ stream, id }, stateOf) =>
    id === 'full' ? reject({ code: 'full' }) : accept(stateOf(stream).includes(id) ? [] : [{ type: 'Taken', stream, id }]),
  evolve: (_stream, ids, { id }) => [...ids, id],
};

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`never: ${holds.toString()}`);
}

type NewSegments = Readonly<Record<ShardId, Pick<Segment, 'owner' | 'base' | 'mode'>>>;

/** A segment's beginning, for `swap`. */
export const segmentOf = (shard: ShardId, owner: Region, base: number): NewSegments =>
  ({ [shard]: { owner, base, mode: 'paired' } }) as NewSegments;

/** What a region's projector stores: the settled states. */
class Stored {
  readonly #seqs = new Map<ShardId, number>();
  readonly #states = new Map<string, { seq: number; ids: Ids }>();

  settle({ commit }: SettledCommit): void {
    for (const { stream, id } of events.decode(commit.body)) {
      const key = `${commit.shard}/${stream}`;
      this.#states.set(key, { seq: commit.seq, ids: [...(this.#states.get(key)?.ids ?? []), id] });
    }
    this.#seqs.set(commit.shard, commit.seq);
  }

  idsOf = (shard: ShardId, stream: string): Ids => this.#states.get(`${shard}/${stream}`)?.ids ?? [];

  load = async (shard: ShardId, streamIds: Ids) => ({
    persistedSeq: this.#seqs.get(shard) ?? 0,
    streams: streamIds.flatMap((streamId) => {
      const stored = this.#states.get(`${shard}/${streamId}`);
      return stored === undefined ? [] : [{ streamId, seq: stored.seq, state: stored.ids }];
    }),
    blocked: [],
  });
}

/** One region: its Kafka, one instance of a service, and an agent that writes receipts and does as the test says. */
export class TestRegion {
  readonly name: Region;
  readonly broker = new InMemoryBroker();
  readonly stored = new Stored();
  readonly readings = new Map<ShardId, ShardReading>();
  writers!: ShardWriters<Take, Taken, Ids, { code: 'full' }>;
  /** It reads, and writes no receipts. */
  agentStandsStill = false;
  #agent!: OpenSettledFeed;
  #lineage: Lineage | undefined;
  readonly #receipted = new Map<ShardId, string>();

  constructor(name: Region) {
    this.name = name;
    for (const { topic, partitions } of topicsOfARegion(1)) this.broker.create(topic, partitions);
  }

  async start(): Promise<void> {
    const scope = { here: this.name, topology: { regions: [east, west], partitions: 1 }, services: [service] as const };
    this.#agent = await openSettledFeed({
      name: 'agent',
      ...scope,
      cluster: this.broker.connect(),
      from: undefined,
      onBatch: async ({ commits }) => commits.forEach((commit) => this.stored.settle(commit)),
      onUnreadable: (_record, reason) => assert(false, reason),
      onShardStopped: (shard, reason) => assert(false, `${shard} stopped: ${reason}`),
      onStopped: () => undefined,
      observer: {
        onReading: (shard, reading) => this.readings.set(shard, reading),
        onRead: () => this.#writeReceipts(),
      },
    });
    this.writers = await ShardWriters.start({
      service,
      here: this.name,
      topology,
      cluster: this.broker.connect(),
      decider,
      catalogue: events,
      parseCommand: (command) => command as Take,
      snapshots: { checkpoint: async () => undefined, load: this.stored.load },
      report: () => undefined,
      onStopped: () => undefined,
    });
  }

  async stop(): Promise<void> {
    await this.writers.close();
    await this.#agent.close();
  }

  learn(lineage: Lineage, revision: number): void {
    this.#lineage = lineage;
    this.broker.store('lineage', 0, [encodeLineage({ revision, lineage })]);
  }

  take(shard: ShardId, stream: string, id: string, deadlineMs = 5_000): Promise<Answer> {
    const command: Take = { type: 'Take', stream, id };
    return this.writers.gateway.decide({
      shard,
      key: stream,
      commandId: commandId(id),
      correlation: id,
      traceparent: '',
      command,
      deadlineMs,
      mayOvertake: true,
    });
  }

  /** What its agent does to end the present term of a shard that it owns. Resolves with the seq at the close, once it is read back. */
  async close(shard: ShardId): Promise<number> {
    const reading = this.readings.get(shard)!;
    const { term } = reading.lastSegment!;
    this.broker.store(eventsTopic(service), 0, [encodeShardRecord({ kind: 'close', shard, term })]);
    await until(() => reading.cursor.term === term && reading.cursor.closed);
    return reading.cursor.seq;
  }

  /** What its agent does before it takes over: the last receipts, then the cut. Resolves with the base. */
  cut(shard: ShardId, term: number): number {
    this.#writeReceipts();
    this.broker.store('receipts', 0, [encodeReceipts({ kind: 'cut', by: this.name, term })]);
    return this.receiptedSeq(shard);
  }

  /** The highest seq that this region has receipted in the last segment's term, or that segment's base. */
  receiptedSeq(shard: ShardId): number {
    const last = segmentsOf(this.#lineage!, shard).at(-1)!;
    const receipts = this.broker.log('receipts', 0).flatMap((record): readonly Receipt[] => {
      const decoded = decodeReceipts(record);
      return decoded.readable && decoded.value.kind === 'receipts' ? decoded.value.receipts : [];
    });
    return Math.max(last.base, ...receipts.filter((each) => each.shard === shard && each.term === last.term).map(({ seq }) => seq));
  }

  #writeReceipts(): void {
    if (this.agentStandsStill) return;
    const receipts: Receipt[] = [];
    for (const [shard, reading] of this.readings) {
      const { cursor, lastSegment } = reading;
      if (lastSegment?.mirror !== this.name || cursor.term !== lastSegment.term) continue;
      const { term, generation, writer, seq } = cursor;
      const receipt: Receipt = { shard, term, generation, writer, seq };
      if (this.#receipted.get(shard) === JSON.stringify(receipt)) continue;
      this.#receipted.set(shard, JSON.stringify(receipt));
      receipts.push(receipt);
    }
    if (receipts.length > 0) this.broker.store('receipts', 0, [encodeReceipts({ kind: 'receipts', by: this.name, receipts })]);
  }
}

/** Two regions, the mirrors between them, and a lineage that the test changes as agents would. */
export class TwoTestRegions {
  readonly regions = { east: new TestRegion(east), west: new TestRegion(west) };
  readonly #mirrors: readonly InMemoryMirror[];
  lineage: Lineage = firstLineage({ ...topology, regions: [east, west] });
  #revision = 0;

  constructor() {
    const mirror = (from: Region, to: Region): InMemoryMirror =>
      new InMemoryMirror({
        from: this.regions[from as 'east'].broker,
        to: this.regions[to as 'east'].broker,
        origin: from,
        topics: [eventsTopic(service), 'receipts'],
      });
    this.#mirrors = [mirror(east, west), mirror(west, east)];
  }

  async start(): Promise<void> {
    this.heal();
    this.publish(this.lineage);
    await Promise.all(Object.values(this.regions).map((each) => each.start()));
  }

  async stop(): Promise<void> {
    this.cut();
    for (const each of Object.values(this.regions)) await each.stop();
  }

  cut(): void {
    for (const mirror of this.#mirrors) mirror.hold();
  }

  heal(): void {
    for (const mirror of this.#mirrors) mirror.follow();
  }

  /** Swaps in one more segment for each of these shards. Resolves when the services of these regions have read it. */
  async swap(segments: NewSegments, status: Lineage['status'], to: readonly Region[] = [east, west]): Promise<void> {
    const term = this.lineage.term + 1;
    const shards = { ...this.lineage.shards };
    for (const [shard, segment] of Object.entries(segments))
      shards[shard] = [...(shards[shard] ?? []), { ...segment, term, mirror: segment.owner === east ? west : east }];
    this.publish({ term, status, shards }, to);
    await until(() => to.every((name) => this.regions[name as 'east'].writers.status.lineageTerm === term));
  }

  publish(lineage: Lineage, to: readonly Region[] = [east, west]): void {
    this.lineage = lineage;
    this.#revision += 1;
    for (const name of to) this.regions[name as 'east'].learn(lineage, this.#revision);
  }

  /** Again to who has missed it. */
  tell(name: Region): void {
    this.regions[name as 'east'].learn(this.lineage, this.#revision);
  }

  ownerOf = (shard: ShardId): TestRegion => this.regions[segmentsOf(this.lineage, shard).at(-1)!.owner as 'east'];

  /** `by` takes all shards over, without the other one; only `by` learns of it. */
  async takeOver(by: TestRegion): Promise<void> {
    const term = this.lineage.term + 1;
    const bases: Record<ShardId, NewSegments[ShardId]> = {};
    for (const shard of [eastern, western]) {
      const base = this.ownerOf(shard) === by ? await by.close(shard) : by.cut(shard, term);
      bases[shard] = { owner: by.name, base, mode: 'solo' };
    }
    await this.swap(bases, { status: 'solo', region: by.name }, [by.name]);
  }

  /** The owner closes the shard; when the other has receipted all of it, `to` gets the next segment. */
  async handOff(shard: ShardId, to: TestRegion, status: Lineage['status'] = { status: 'paired' }): Promise<void> {
    const owner = this.ownerOf(shard);
    const { mode, mirror } = owner.readings.get(shard)!.lastSegment!;
    const base = await owner.close(shard);
    if (mode === 'paired') await until(() => this.regions[mirror as 'east'].receiptedSeq(shard) >= base);
    await this.swap(segmentOf(shard, to.name, base), status);
  }

  /** Every id that is settled in the stream, as each region has stored it, once both have read everything. */
  async settledIds(shard: ShardId, stream: string): Promise<Ids> {
    const { east: one, west: other } = this.regions;
    await until(() => JSON.stringify(one.stored.idsOf(shard, stream)) === JSON.stringify(other.stored.idsOf(shard, stream)));
    return one.stored.idsOf(shard, stream);
  }

  eventsOf = (log: Region, of: Region = log): number =>
    this.regions[of as 'east'].broker.log(topicIn(of, log, eventsTopic(service)), 0).length;
}

let running: TwoTestRegions[] = [];
afterEach(async () => {
  for (const each of running) await each.stop();
  running = [];
});

/** Stopped after the test. */
export async function twoTestRegions(): Promise<TwoTestRegions> {
  const made = new TwoTestRegions();
  running.push(made);
  await made.start();
  return made;
}
