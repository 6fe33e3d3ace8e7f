import { setTimeout as delay } from 'node:timers/promises';
import {
  eventsTopic,
  shardOf,
  type EventCatalogue,
  type Lineage,
  type Region,
  type Reply,
  type Service,
  type ShardId,
  type Topology,
} from '#contracts';
import type { Decider } from '#kernel';
import { metricNames, metrics, traceIdIn } from '#telemetry';
import type { LogCluster } from '../cluster.port.ts';
import type { SendCommand } from '../command-gateway.port.ts';
import type { ReadingEvent } from '../core/reading-events.ts';
import type { Receipt } from '../core/records.ts';
import type { ShardReading } from '../core/shard-reading.ts';
import type { FeedCheckpoint, SettledCommit } from '../settled-feed.port.ts';
import type { Snapshots } from '../snapshots.port.ts';
import { openSettledFeed, type OpenSettledFeed } from '../feed/settled-feed.ts';
import { AssignedShards } from './assigned-shards.ts';
import { takeCommands } from './command-intake.ts';
import { KafkaCommandGateway, type SettledView } from './command-gateway.ts';
import { Condition } from './condition.ts';
import { fateOf, type Fate } from './fate-of.ts';
import { followReading } from './follow-reading.ts';
import { OwnLog } from './own-log.ts';
import { SerialAppender } from './serial-appender.ts';
import { ShardWriter } from './shard-writer.ts';
import { StreamCache } from './stream-cache.ts';
import { observeShards } from './observe-shards.ts';
import { repeatedly, tidyMemory } from './tidy-memory.ts';
import { UnsettledCommits } from './unsettled-commits.ts';

export interface ShardWritersOptions<Command, Event extends { readonly type: string }, State, Refusal extends { code: string }> {
  readonly service: Service;
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly catalogue: EventCatalogue<Event>;
  readonly parseCommand: (command: unknown) => Command;
  readonly snapshots: Snapshots;
  /** For measurements: every commit that this process appended, once, when it is settled. */
  onOwnSettled?(events: readonly Event[]): void;
  /** For controllers that wait for what becomes of a thing: every commit of this service as it settles here. */
  onSettled?(settled: SettledCommit): void;
  report(level: 'info' | 'warn' | 'error', message: string, details: Readonly<Record<string, unknown>>): void;
  onStopped(error: Error): void;
}

const cameToNothing = metrics.counter(metricNames.commandsCameToNothing);
const settleDuration = metrics.histogram(metricNames.settleDuration);
/** Beyond them an answer is reported and not published: its asker runs into its deadline and asks again. */
const answersWaitingMax = 20_000;
const janitorIntervalMs = 5_000;
const lineageTimeoutMs = 120_000;
/** How long a start waits for the stored state before it reads the whole log instead. */
const snapshotTimeoutMs = 15_000;

/**
 * All writers of one service in one instance, fed by one reader of the service's logs and by its share of the commands.
 *
 * Every instance follows every shard, so that opening one is a fence away when another instance dies: what is to be read is the end
 * of a log that it was reading anyway.
 */
export class ShardWriters<
  Command,
  Event extends { readonly type: string },
  State,
  Refusal extends { code: string },
> implements SettledView {
  readonly #options: ShardWritersOptions<Command, Event, State, Refusal>;
  readonly #shards = new Map<
    ShardId,
    {
      reading: ShardReading;
      cache: StreamCache<Event, State>;
      unsettled: UnsettledCommits<Event>;
      writer: ShardWriter<Command, Event, State, Refusal>;
    }
  >();
  readonly #labels: { readonly service: Service };
  readonly #ownLog: OwnLog;
  readonly #read = new Condition();
  readonly #listeners = new Set<() => void>();
  readonly #ownersListeners = new Set<() => void>();
  readonly #stops: (() => Promise<void> | void)[] = [];
  #feed: OpenSettledFeed | undefined;
  #lineage: Lineage | undefined;
  readonly #assigned = new AssignedShards(this.#shards);
  #answers: SerialAppender | undefined;
  #gateway: KafkaCommandGateway | undefined;

  private constructor(options: ShardWritersOptions<Command, Event, State, Refusal>) {
    this.#options = options;
    const { service, cluster } = options;
    this.#labels = { service };
    const nextOffset = (partition: number): number => this.#feed?.nextOffset(eventsTopic(service), partition) ?? 0;
    this.#ownLog = new OwnLog({ service, cluster, read: this.#read, nextOffset });
  }

  /** Everything that was started is stopped again when a later start fails. */
  static async start<Command, Event extends { readonly type: string }, State, Refusal extends { code: string }>(
    options: ShardWritersOptions<Command, Event, State, Refusal>,
  ): Promise<ShardWriters<Command, Event, State, Refusal>> {
    const writers = new ShardWriters(options);
    try {
      await writers.#start();
      return writers;
    } catch (error) {
      await writers.close();
      throw error;
    }
  }

  get gateway(): KafkaCommandGateway {
    if (this.#gateway === undefined) throw new Error('the gateway opens last');
    return this.#gateway;
  }

  /** What health and people ask: every shard that is written here, and every one that stands still. */
  get status(): {
    readonly lineageTerm: number | undefined;
    readonly open: readonly ShardId[];
    readonly stopped: Readonly<Record<string, string>>;
  } {
    const open = [...this.#shards].filter(([, { writer }]) => writer.isOpen).map(([id]) => id);
    return { lineageTerm: this.#lineage?.term, open, stopped: Object.fromEntries(this.#feed?.stoppedShards() ?? []) };
  }

  ownerOf(shard: ShardId): Region | undefined {
    return this.#lineage?.shards[shard]?.at(-1)?.owner;
  }

  fateOf(shard: ShardId, term: number, seq: number): Fate {
    return fateOf(this.#lineage?.shards[shard] ?? [], this.#shards.get(shard)?.reading.settledSeq, term, seq);
  }

  decideHere({ shard, commandId, correlation, traceparent, command }: SendCommand): Promise<Reply> | undefined {
    const writer = this.#shards.get(shard)?.writer;
    if (writer?.takesMore !== true) return undefined;
    const parsed = this.#options.parseCommand(command);
    const envelope = { commandId, shard, correlation, traceparent, reply: true, command };
    return new Promise((resolve, reject) => {
      const queued = { envelope, command: parsed, done: () => undefined, told: resolve };
      writer.enqueue(queued, JSON.stringify(command).length).catch(reject);
    });
  }

  onSettled(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back when shards have changed their owner, after `ownerOf` knows it. Returns how to stop it. */
  onOwnersChanged(listener: () => void): () => void {
    this.#ownersListeners.add(listener);
    return () => this.#ownersListeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #start(): Promise<void> {
    const { service, here, topology, cluster, report, onStopped } = this.#options;
    const answers = await cluster.appender(`${service}-answers`);
    this.#stops.push(() => answers.close());
    this.#answers = new SerialAppender(answers, answersWaitingMax);
    this.#stops.push(() => this.#ownLog.close());
    this.#stops.push(observeShards(service, here, this.#shards));

    this.#feed = await openSettledFeed({
      name: `${service}-writers`,
      here,
      topology: { regions: Object.keys(topology.regions) as Region[], partitions: topology.partitions },
      services: [service],
      cluster,
      from: await this.#whereToStart(),
      onBatch: async (batch) => this.#onSettledBatch(batch.commits),
      onUnreadable: (record, reason) =>
        report('warn', 'a record of the log has unreadable headers', { topic: record.topic, offset: record.offset, reason }),
      onShardStopped: (shard, reason) => report('error', 'the shard stands still: data was lost', { shard, reason }),
      onStopped,
      observer: {
        onReading: (shard, reading) => this.#add(shard, reading),
        onEvents: (shard, events) => this.#onEvents(shard, events),
        onReceipt: (receipt) => this.#onReceipt(receipt),
        onLineage: (lineage) => this.#onLineage(lineage),
        onRead: () => this.#read.changed(),
      },
    });
    this.#stops.push(() => this.#feed?.close());

    this.#gateway = await KafkaCommandGateway.open({ here, service, topology, cluster, view: this, onStopped });
    this.#stops.push(() => this.#gateway?.close());

    if (!(await this.#read.until(() => this.#lineage !== undefined, lineageTimeoutMs)))
      throw new Error('no lineage stands in the lineage topic: is a region agent up?');
    this.#stops.push(() => this.#assigned.assign([]));
    const commands = await takeCommands({
      service,
      cluster,
      parse: this.#options.parseCommand,
      sink: {
        assigned: (partitions) => this.#assigned.assign(partitions),
        enqueue: async (shard, queued, bytes) => {
          const writer = this.#shards.get(shard)?.writer;
          if (writer === undefined) return false;
          await writer.enqueue(queued, bytes);
          return true;
        },
      },
      onUnreadable: (record, reason) =>
        report('error', 'a command cannot be read and is passed over', { offset: record.offset, partition: record.partition, reason }),
      onStopped,
    });
    this.#stops.push(() => commands.close());

    const unanswered = (shard: ShardId, error: unknown): void =>
      report('warn', 'the stored state cannot be asked: what is not known to be stored stays in memory', { shard, error: String(error) });
    this.#stops.push(repeatedly(janitorIntervalMs, () => tidyMemory(this.#shards, this.#options.snapshots, unanswered)));
  }

  #add(shard: ShardId, reading: ShardReading): void {
    const { service, here, decider, catalogue, report, snapshots } = this.#options;
    const cache = new StreamCache<Event, State>(decider, reading.settledSeq);
    const unsettled = new UnsettledCommits<Event>();
    const { partition } = shardOf(shard);
    const writer = new ShardWriter<Command, Event, State, Refusal>({
      shard,
      here,
      decider,
      cache,
      reading,
      append: (records) => this.#ownLog.append(partition, records),
      encode: (events) => catalogue.encode(events),
      load: (streamIds) => snapshots.load(shard, streamIds),
      caughtUp: () => this.#ownLog.caughtUp(partition),
      isFollowed: () => this.#ownLog.isFollowed(partition),
      answer: (replies) => {
        for (const reply of replies)
          this.#answers!.append('replies', 0, { key: reply.commandId, headers: {}, value: JSON.stringify(reply) }).catch((error: unknown) =>
            report('warn', 'an answer is not published: its asker will ask again', { commandId: reply.commandId, error: String(error) }),
          );
      },
      cameToNothing: ({ commandId, correlation, traceparent, command }, result) => {
        cameToNothing.add({ service, outcome: result.outcome });
        const about = { shard, commandId, correlation, traceId: traceIdIn(traceparent), type: command.type };
        report('warn', 'a command that nobody waits for came to nothing', { ...about, ...result });
      },
      wrote: (seq, events) => unsettled.wrote(seq, events),
      report: (level, message, details) => report(level, message, { shard, ...details }),
    });
    this.#shards.set(shard, { reading, cache, unsettled, writer });
  }

  /** Losing PostgreSQL loses nothing: without stored states the log is read from its start, which only takes longer. */
  async #whereToStart(): Promise<FeedCheckpoint | undefined> {
    const deadline = performance.now() + snapshotTimeoutMs;
    for (;;)
      try {
        return await this.#options.snapshots.checkpoint();
      } catch (error) {
        if (performance.now() > deadline) {
          this.#options.report('warn', 'the stored state cannot be asked: the whole log is read instead', { error: String(error) });
          return undefined;
        }
        await delay(500);
      }
  }

  #onEvents(id: ShardId, events: readonly ReadingEvent[]): void {
    const shard = this.#shards.get(id);
    if (shard === undefined) return;
    followReading(shard, events, (commit) => this.#decode(id, commit.seq, commit.body));
    shard.unsettled.follow(events, performance.now(), (own) => {
      settleDuration.observe(own.waitedMs / 1_000, this.#labels);
      this.#options.onOwnSettled?.(own.events);
    });
  }

  #decode(shard: ShardId, seq: number, body: string): readonly Event[] | undefined {
    try {
      return this.#options.catalogue.decode(body);
    } catch (error) {
      this.#options.report('error', 'a commit cannot be read: its streams are blocked', { shard, seq, error: String(error) });
      return undefined;
    }
  }

  #onReceipt(receipt: Receipt): void {
    this.#shards.get(receipt.shard)?.writer.onReceipt(receipt);
  }

  #onLineage(lineage: Lineage): void {
    const before = this.#lineage;
    this.#lineage = lineage;
    for (const { writer } of this.#shards.values()) writer.onChange();
    for (const listener of this.#listeners) listener();
    if (before !== undefined && haveOwnersChanged(before, lineage)) for (const listener of this.#ownersListeners) listener();
  }

  #onSettledBatch(commits: readonly SettledCommit[]): void {
    if (commits.length === 0) return;
    if (this.#options.onSettled !== undefined) for (const settled of commits) this.#options.onSettled(settled);
    for (const listener of this.#listeners) listener();
  }
}

const haveOwnersChanged = (before: Lineage, after: Lineage): boolean =>
  Object.entries(after.shards).some(([shard, segments]) => segments.at(-1)?.owner !== before.shards[shard]?.at(-1)?.owner);
