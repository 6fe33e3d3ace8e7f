import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { commandId, region, type Reply, type Segment, type ShardId } from '#contracts';
import { accept, reject, type Decider } from '#kernel';
import { DoubtfulAppendError } from '../cluster.port.ts';
import type { ShardRecord } from '../core/records.ts';
import { ShardReading } from '../core/shard-reading.ts';
import { Condition } from './condition.ts';
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

const shard: ShardId = 'inventory.east.0';
const east = region('east');
const segment: Segment = { term: 1, owner: east, base: 0, mode: 'paired', mirror: region('west') };

type Fate = 'appended' | 'doubtful and appended' | 'doubtful and lost' | 'doubtful and appended late';

/** One shard's log, any number of instances that read it and write to it, and appends that meet the fate they are given. */
class OneShard {
  readonly log: ShardRecord[] = [];
  readonly replies: Reply[] = [];
  readonly done: string[] = [];
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #readers: ((record: ShardRecord, offset: number) => void)[] = [];
  readonly changed = new Condition();
  /** Fates of the next appends; `appended` when none is left. */
  fates: Fate[] = [];

  push(records: readonly ShardRecord[]): void {
    for (const record of records) {
      const offset = this.log.push(record) - 1;
      for (const read of this.#readers) setImmediate(() => read(record, offset));
    }
  }

  instance(): ShardWriter<Take, Taken, Pool, { code: 'too-few' }> {
    const reading = new ShardReading(shard);
    reading.learn([segment]);
    const cache = new StreamCache<Taken, Pool>(poolDecider, 0);
    let next = 0;
    const writer = new ShardWriter<Take, Taken, Pool, { code: 'too-few' }>(
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
          await this.changed.until(() => next >= end, 5_000);
        },
        answer: (replies) => {
          this.replies.push(...replies);
        },
        report: () => this.changed.changed(),
      },
      { commandsPerBatchMax: 4, bytesPerBatchMax: 1_000, queuedMax: 100, roomTimeoutMs: 50, readBackTimeoutMs: 200, retryDelayMs: 1 },
    );
    const read = (record: ShardRecord, offset: number): void => {
      if (offset !== next) return; // before this instance began: it was given what stood already
      next += 1;
      for (const event of reading.record({ log: east, offset }, record)) {
        if (event.type === 'accepted') writer.onAccepted(event.commit, () => JSON.parse(event.commit.body) as Taken[]);
        if (event.type === 'fence') writer.onFence(event.fence, event.verdict);
      }
      this.changed.changed();
    };
    this.log.forEach((record, offset) => setImmediate(() => read(record, offset)));
    this.#readers.push(read);
    this.#stops.push(() => writer.unassign());
    return writer;
  }

  enqueue(writer: ShardWriter<Take, Taken, Pool, { code: 'too-few' }>, command: Take): void {
    const envelope = { commandId: commandId(command.id), shard, correlation: command.id, traceparent: '', reply: true, command: { type: 'Take' } };
    void writer.enqueue(
      {
        envelope,
        command,
        done: () => {
          this.done.push(command.id);
          this.changed.changed();
        },
      },
      10,
    );
  }

  /** What a reader of the whole log makes of it. */
  accepted(): { readonly taken: readonly string[]; readonly units: number } {
    const reading = new ShardReading(shard);
    reading.learn([segment]);
    const events = this.log.flatMap((record, offset) => reading.record({ log: east, offset }, record));
    expect(reading.stopped).toBeUndefined();
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
const oneShard = (): OneShard => {
  const made = new OneShard();
  running.push(made);
  return made;
};
afterEach(async () => {
  for (const each of running) await each.stop();
  running = [];
});

describe('a writer', () => {
  it('opens its shard with a fence and answers what it has read back', async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 4 });
    one.enqueue(writer, { id: 'b', units: 9 });
    one.enqueue(writer, { id: 'a', units: 4 });
    expect(await one.changed.until(() => one.done.length === 3, 2_000)).toBe(true);
    expect(one.log.map(({ kind }) => kind)).toEqual(['fence', 'commit']);
    expect(one.replies.map(({ seq, result }) => [seq, result.outcome])).toEqual([
      [1, 'accepted'],
      [1, 'refused'],
      [1, 'accepted'],
    ]);
  });

  it.each(['doubtful and appended', 'doubtful and lost', 'doubtful and appended late'] as const)(
    'opens the shard anew after an append that is %s, and takes each command once',
    async (fate) => {
      const one = oneShard();
      one.fates = ['appended', fate];
      const writer = one.instance();
      writer.assign();
      one.enqueue(writer, { id: 'a', units: 4 });
      expect(await one.changed.until(() => one.done.length === 1, 2_000)).toBe(true);
      expect(one.accepted()).toEqual({ taken: ['a'], units: 4 });
      expect(one.log.filter(({ kind }) => kind === 'fence').length).toBeGreaterThan(1);
    },
  );

  it('that was replaced appends in vain', async () => {
    const one = oneShard();
    const zombie = one.instance();
    zombie.assign();
    one.enqueue(zombie, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 2_000)).toBe(true);
    const next = one.instance();
    next.assign();
    one.enqueue(next, { id: 'b', units: 1 });
    expect(await one.changed.until(() => one.done.length === 2, 2_000)).toBe(true);
    const lastFence = one.log.findLast((record) => record.kind === 'fence');
    expect(lastFence?.generation).toBeGreaterThan(1);
    expect(one.accepted().taken).toEqual(['a', 'b']);
  });

  it('stops loudly at a receipt that stands above its log', async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 2_000)).toBe(true);
    const fence = one.log.findLast((record) => record.kind === 'fence');
    writer.onReceipt({ shard, term: 1, generation: 1, writer: fence!.writer, seq: 1 });
    expect(writer.isOpen).toBe(true);
    writer.onReceipt({ shard, term: 1, generation: 1, writer: 'another', seq: 1 });
    one.enqueue(writer, { id: 'b', units: 1 });
    expect(await one.changed.until(() => !writer.isOpen, 2_000)).toBe(true);
    expect(one.accepted().taken).toEqual(['a']);
  });

  it("goes on beyond a commit that somebody else put into its log under its own fence, and beyond that commit's receipt", async () => {
    const one = oneShard();
    const writer = one.instance();
    writer.assign();
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 2_000)).toBe(true);
    const own = one.log.findLast((record) => record.kind === 'commit')!;
    one.push([{ ...own, seq: 2, cause: commandId('forged'), body: '[{"id":"forged","units":1}]' }]);
    await new Promise((resolve) => setImmediate(resolve)); // it is read
    writer.onReceipt({ shard, term: 1, generation: own.generation, writer: own.writer, seq: 2 });
    expect(writer.isOpen).toBe(true);
    one.enqueue(writer, { id: 'b', units: 1 });
    expect(await one.changed.until(() => one.done.length === 2, 2_000)).toBe(true);
    expect(one.accepted().taken).toEqual(['a', 'forged', 'b']);
  });
});

it('two writers at once, appends of every fate: each command is decided once and never more is taken than there is', async () => {
  const fate = fc.constantFrom<Fate>('appended', 'appended', 'doubtful and appended', 'doubtful and lost', 'doubtful and appended late');
  const commands = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), units: fc.integer({ min: 1, max: 4 }), to: fc.nat(1) }), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 12 }), commands, async (fates, sent) => {
      const one = oneShard();
      one.fates = [...fates];
      const writers = [one.instance(), one.instance()];
      for (const writer of writers) writer.assign();
      for (const { id, units, to } of sent) {
        one.enqueue(writers[to]!, { id, units });
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await one.changed.until(() => one.done.length === sent.length, 10_000)).toBe(true);
      const { taken, units } = one.accepted();
      expect(new Set(taken).size).toBe(taken.length);
      expect(units).toBeLessThanOrEqual(10);
      // A command that was answered as accepted stands in the log, at or before the seq that its answer names.
      for (const reply of one.replies) if (reply.result.outcome === 'accepted') expect(taken.indexOf(reply.commandId)).toBeLessThan(reply.seq);
      for (const reply of one.replies) if (reply.result.outcome === 'accepted') expect(taken).toContain(reply.commandId);
      await one.stop();
    }),
    { numRuns: 40 },
  );
}, 60_000);
