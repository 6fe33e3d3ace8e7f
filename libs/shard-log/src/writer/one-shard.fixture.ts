import { afterEach } from 'vitest';
import { commandId, region, type Reply, type Segment, type ShardId } from '#contracts';
import { accept, assert, reject, type Decider } from '#kernel';
import { DoubtfulAppendError } from '../cluster.port.ts';
import type { ReadingEvent } from '../core/reading-events.ts';
import type { Receipt, ShardRecord } from '../core/records.ts';
import { ShardReading } from '../core/shard-reading.ts';
import { Condition } from './condition.ts';
import { followReading } from './follow-reading.ts';
import type { ShardWriterLimits, ShardWriterPorts } from './shard-writer.ports.ts';
import { ShardWriter } from './shard-writer.ts';
import { StreamCache } from './stream-cache.ts';

/** Takes units from a pool of ten; a taking that is repeated changes nothing. */
type Take = { readonly id: string; readonly units: number };
type Taken = { readonly id: string; readonly units: number };
type Pool = { readonly left: number; readonly takenBy: readonly string[] };
const poolDecider: Decider<Take, Taken, Pool, { code: 'too-few' }> = {
  streamsOf: () => ['pool'],
  streamsChangedBy: () => ['pool'],
  initialState: () => ({ left: 10, takenBy: [] }),
  decide: ({ id, units }, stateOf) => {
    const pool = stateOf('pool');
    if (pool.takenBy.includes(id)) return accept([]);
    return pool.left < units ? reject({ code: 'too-few' }) : accept([{ id, units }]);
  },
  evolve: (_, pool, { id, units }) => ({ left: pool.left - units, takenBy: [...pool.takenBy, id] }),
};

export const shard: ShardId = 'inventory.east.0';
export const east = region('east');
export const west = region('west');
const firstSegment: Segment = { term: 1, owner: east, base: 0, mode: 'paired', mirror: west };
export type PoolWriter = ShardWriter<Take, Taken, Pool, { code: 'too-few' }>;
type Ports = ShardWriterPorts<Take, Taken, Pool, { code: 'too-few' }>;

const testLimits: ShardWriterLimits = {
  commandsPerBatchMax: 4,
  bytesPerBatchMax: 1_000,
  queuedMax: 100,
  roomTimeoutMs: 50,
  withoutOwnerMs: 100,
  readBackTimeoutMs: 60_000,
  retryDelayMs: 1,
  overtakenDelayMs: 1,
};

export type Fate = 'appended' | 'doubtful and appended' | 'doubtful and lost' | 'doubtful and appended late';

/** One shard's log, any number of instances that read it and write to it, and appends that meet the fate they are given. */
export class OneShard {
  readonly #segments: readonly Segment[];
  readonly log: ShardRecord[] = [];
  readonly replies: Reply[] = [];
  readonly done: string[] = [];
  readonly cameToNothing: string[] = [];
  /** Seqs that an instance was told to have written itself. */
  readonly wrote: number[] = [];
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #readers: ((record: ShardRecord, offset: number) => void)[] = [];
  readonly #followers: ((read: (reading: ShardReading) => readonly ReadingEvent[], receipt?: Receipt) => void)[] = [];
  readonly reports: { readonly level: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }[] = [];
  readonly changed = new Condition();
  /** Fates of the next appends; `appended` when none is left. */
  fates: Fate[] = [];

  constructor(segments: readonly Segment[] = [firstSegment]) {
    this.#segments = segments;
  }

  push(records: readonly ShardRecord[]): void {
    for (const record of records) {
      const offset = this.log.push(record) - 1;
      for (const read of this.#readers) setImmediate(() => read(record, offset));
    }
  }

  /** What west says to have read of this log: heard at once by every instance. */
  hear(receipt: Receipt): void {
    for (const follow of this.#followers) follow((reading) => reading.receipt(west, receipt), receipt);
  }

  /** The mirror of west's log, as it comes by. */
  readMirror(records: readonly ShardRecord[]): void {
    for (const follow of this.#followers)
      follow((reading) => records.flatMap((record, offset) => reading.record({ log: west, offset }, record)));
  }

  instance(
    given: Partial<Omit<Ports, 'cache' | 'reading'>> & {
      readonly limits?: Partial<ShardWriterLimits>;
      readonly startSeq?: number;
      onEndAsked?(): void;
    } = {},
  ): PoolWriter {
    const { limits, startSeq = 0, onEndAsked, ...ports } = given;
    const reading = new ShardReading(shard);
    reading.learn(this.#segments);
    const cache = new StreamCache<Taken, Pool>(poolDecider, startSeq);
    let next = 0;
    const writer: PoolWriter = new ShardWriter(
      {
        shard,
        here: east,
        decider: poolDecider,
        cache,
        reading,
        append: (records) => this.#append(records),
        encode: (events) => JSON.stringify(events),
        load: () => Promise.reject(new Error('the whole log passes: nothing is loaded')),
        caughtUp: async () => {
          const end = this.log.length;
          onEndAsked?.();
          await this.changed.until(() => next >= end, 5_000);
        },
        isFollowed: () => false,
        answer: (replies) => {
          this.replies.push(...replies);
        },
        report: (level, message, details) => {
          this.reports.push({ level, message, details });
          this.changed.changed();
        },
        wrote: (seq) => void this.wrote.push(seq),
        cameToNothing: ({ commandId: id }, { outcome }) => {
          this.cameToNothing.push(`${id}: ${outcome}`);
        },
        ...ports,
      },
      { ...testLimits, ...limits },
    );
    const follow = (events: readonly ReadingEvent[]): void => {
      followReading<Taken>({ cache, writer }, events, ({ body }) => JSON.parse(body) as Taken[]);
      this.changed.changed();
    };
    const read = (record: ShardRecord, offset: number): void => {
      if (offset !== next) return; // before this instance began: it was given what stood already
      next += 1;
      follow(reading.record({ log: east, offset }, record));
    };
    this.log.forEach((record, offset) => setImmediate(() => read(record, offset)));
    this.#readers.push(read);
    this.#followers.push((events, receipt) => {
      follow(events(reading));
      if (receipt !== undefined) writer.onReceipt(receipt);
    });
    this.#stops.push(() => writer.unassign());
    return writer;
  }

  enqueue(writer: PoolWriter, command: Take, reply = true, told?: (reply: Reply) => void): void {
    const envelope = {
      commandId: commandId(command.id),
      shard,
      correlation: command.id,
      traceparent: '',
      reply,
      command: { type: 'Take' },
    };
    void writer.enqueue(
      {
        envelope,
        command,
        done: () => {
          this.done.push(command.id);
          this.changed.changed();
        },
        ...(told === undefined ? {} : { told }),
      },
      10,
    );
  }

  /** What a reader of the whole log makes of it. */
  accepted(): { readonly taken: readonly string[]; readonly units: number } {
    const reading = new ShardReading(shard);
    reading.learn(this.#segments);
    const events = this.log.flatMap((record, offset) => reading.record({ log: east, offset }, record));
    assert(reading.stopped === undefined, `the log of the test can be read: ${reading.stopped}`);
    const taken = events.flatMap((event) => (event.type === 'accepted' ? (JSON.parse(event.commit.body) as Taken[]) : []));
    return { taken: taken.map(({ id }) => id), units: taken.reduce((sum, { units }) => sum + units, 0) };
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  async #append(records: readonly ShardRecord[]): Promise<void> {
    const fate = this.fates.shift() ?? 'appended';
    await new Promise((resolve) => setImmediate(resolve));
    if (fate === 'appended' || fate === 'doubtful and appended') this.push(records);
    if (fate === 'doubtful and appended late') setTimeout(() => this.push(records), 5);
    if (fate !== 'appended') throw new DoubtfulAppendError('the connection is lost');
  }
}

let running: OneShard[] = [];
afterEach(async () => {
  for (const each of running) await each.stop();
  running = [];
});

/** Stopped after the test. */
export const oneShard = (segments?: readonly Segment[]): OneShard => {
  const made = new OneShard(segments);
  running.push(made);
  return made;
};
