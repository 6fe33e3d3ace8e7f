import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Region } from '#contracts';
import { otherThan, settledOf, shard } from './reading.fixture.ts';
import type { ReadingEvent } from './reading-events.ts';
import type { ReceiptsRecord, ShardRecord } from './records.ts';
import {
  bothRegions,
  mirrored,
  rewinds,
  shardHistory,
  undisputedHistory,
  type Rewinds,
  type ShardHistory,
} from './shard-history.arbitrary.ts';
import { ShardReading } from './shard-reading.ts';

/** Records that a mirror has skipped without an error. */
interface Hole {
  readonly at: number;
  readonly length: number;
}

/** What a reader in region `here` is given: its own log as it is, the other's through a mirror that rewinds, and may have a hole. */
class Deliveries {
  readonly #logs: Record<string, readonly ShardRecord[]>;
  readonly #receipts: Readonly<Record<string, readonly ReceiptsRecord[]>>;
  readonly #history: ShardHistory;
  readonly #next = new Map<string, number>();
  #reading = new ShardReading(shard);
  readonly settled: string[] = [];
  /** Of each settled commit, as it came. */
  readonly durability = new Map<string, string>();

  constructor(history: ShardHistory, here: Region, mirror: Rewinds, hole: Hole = { at: 0, length: 0 }) {
    this.#history = history;
    const seen = <T>(all: Readonly<Record<string, readonly T[]>>): Record<string, readonly T[]> =>
      Object.fromEntries(Object.entries(all).map(([region, log]) => [region, region === here ? log : mirrored(log, mirror)]));
    this.#logs = seen(history.logs);
    this.#receipts = seen(history.receiptLogs);
    const whole = this.#logs[otherThan(here)]!;
    this.#logs[otherThan(here)] = whole.filter((_, index) => index < hole.at || index >= hole.at + hole.length);
  }

  /** The mirror of `log` is there anew, whole, and is read from its start. */
  mirrorMadeAnew(log: Region): void {
    this.#logs[log] = this.#history.logs[log]!;
    this.#next.set(`log:${log}`, 0);
    this.#take(this.#reading.mirrorMadeAnew(log));
    this.#next.set('lineage', 0);
    this.learnAll();
  }

  get reading(): ShardReading {
    return this.#reading;
  }

  /** Delivers the next record of one of five sources; false when that source has no more. */
  step(source: number): boolean {
    if (source === 4) return this.#learn();
    const region = bothRegions[source % 2]!;
    const kind = source < 2 ? 'log' : 'receipts';
    const offset = this.#advance(`${kind}:${region}`, kind === 'log' ? this.#logs[region]!.length : this.#receipts[region]!.length);
    if (offset === undefined) return false;
    const events =
      kind === 'log'
        ? this.#reading.record({ log: region, offset }, this.#logs[region]![offset]!)
        : this.#reading.receipts(region, this.#receipts[region]![offset]!);
    this.#take(events);
    return true;
  }

  finish(): void {
    for (let moved = true; moved;) moved = [0, 1, 2, 3, 4].map((source) => this.step(source)).includes(true);
  }

  /** Loses all memory but the resume, which went through JSON, and reads again from where it needs to. */
  crash(): void {
    const stored = JSON.parse(JSON.stringify(this.#reading.resume()));
    for (const log of bothRegions) {
      const needed = this.#reading.neededFrom(log);
      if (needed !== undefined) this.#next.set(`log:${log}`, needed);
    }
    this.#next.set('lineage', 0);
    this.#reading = new ShardReading(shard, stored);
  }

  learnAll(): void {
    while (this.#learn());
  }

  #learn(): boolean {
    const known = this.#advance('lineage', this.#history.segments.length);
    if (known === undefined) return false;
    this.#take(this.#reading.learn(this.#history.segments.slice(0, known + 1)));
    return true;
  }

  #take(events: readonly ReadingEvent[]): void {
    for (const line of settledOf(events)) {
      const slash = line.lastIndexOf('/');
      this.settled.push(line.slice(0, slash));
      this.durability.set(line.slice(0, slash), line.slice(slash + 1));
    }
  }

  #advance(name: string, length: number): number | undefined {
    const next = this.#next.get(name) ?? 0;
    if (next >= length) return undefined;
    this.#next.set(name, next + 1);
    return next;
  }
}

const schedule = fc.array(fc.nat(4), { maxLength: 120 });
const reader = fc.record({ here: fc.constantFrom(...bothRegions), mirror: rewinds, schedule });

it('all readers in both regions yield the same settled commits, whatever the interleaving, and never a void or stranded one', () => {
  fc.assert(
    fc.property(shardHistory, fc.array(reader, { minLength: 1, maxLength: 3 }), (history, readers) => {
      for (const { here, mirror, schedule: steps } of readers) {
        const run = new Deliveries(history, here, mirror);
        for (const source of steps) {
          run.step(source);
          expect(run.settled).toEqual(history.settled.slice(0, run.settled.length));
        }
        run.finish();
        expect(run.reading.stopped).toBeUndefined();
        expect(run.settled).toEqual(history.settled);
        // Whoever says global is right; and whoever need not have seen the receipt to know it says so.
        const { byReceipt, bySuccessor } = history.inBoth;
        for (const [settled, durability] of run.durability) {
          if (durability === 'global') expect(byReceipt.has(settled) || bySuccessor.has(settled)).toBe(true);
          else expect(bySuccessor.has(settled)).toBe(false);
        }
      }
    }),
    { numRuns: 1_500, seed: 20_261_121 },
  );
}, 30_000);

it('a reader that crashes at any points goes on with exactly the settled commits that it has not yet yielded', () => {
  fc.assert(
    fc.property(
      shardHistory,
      reader,
      fc.array(fc.nat(120), { minLength: 1, maxLength: 5 }),
      (history, { here, mirror, schedule: steps }, crashes) => {
        const run = new Deliveries(history, here, mirror);
        steps.forEach((source, index) => {
          run.step(source);
          if (crashes.includes(index)) run.crash();
        });
        run.finish();
        run.crash();
        run.finish();
        expect(run.reading.stopped).toBeUndefined();
        expect(run.settled).toEqual(history.settled);
      },
    ),
    { numRuns: 1_500, seed: 20_261_121 },
  );
}, 30_000);

it('a reader whose mirror had a hole shows nothing wrong, and goes on with what it has not yet yielded when the mirror is made anew', () => {
  const stops = { gap: 0, closed: 0, other: 0 };
  fc.assert(
    fc.property(
      undisputedHistory,
      reader,
      fc.record({ at: fc.nat(30), length: fc.integer({ min: 1, max: 4 }) }),
      fc.constantFrom('while it runs', 'before it starts again', 'after it has started again'),
      (history, { here, mirror, schedule: steps }, hole, when) => {
        const run = new Deliveries(history, here, mirror, hole);
        for (const source of steps) run.step(source);
        run.finish();
        expect(run.settled).toEqual(history.settled.slice(0, run.settled.length));
        const { stopped } = run.reading;
        if (stopped !== undefined) stops[stopped.startsWith('gap') ? 'gap' : stopped.includes('is closed at') ? 'closed' : 'other']++;
        if (when !== 'while it runs') run.crash();
        if (when === 'after it has started again') run.learnAll();
        run.mirrorMadeAnew(otherThan(here));
        run.finish();
        if (run.reading.stopped !== undefined && when === 'while it runs') {
          run.crash(); // more had come after the stop than is kept
          run.finish();
        }
        expect(run.reading.stopped).toBeUndefined();
        expect(run.settled).toEqual(history.settled);
      },
    ),
    { numRuns: 3_000, seed: 20_261_127 },
  );
  expect(Object.entries(stops).filter(([, count]) => count < 5)).toEqual([]);
}, 60_000);

it('the histories of these tests hold what they claim to: takeovers, stranded commits, zombies, settled commits and stops taken back', () => {
  const seen = { settled: 0, stranded: 0, void: 0, takeovers: 0, resumed: 0 };
  for (const history of fc.sample(shardHistory, { numRuns: 300, seed: 20_261_121 })) {
    const reading = new ShardReading(shard);
    const events = [
      ...reading.learn(history.segments),
      ...bothRegions.flatMap((by) => history.receiptLogs[by]!.flatMap((record) => reading.receipts(by, record))),
      ...bothRegions.flatMap((log) => history.logs[log]!.flatMap((record, offset) => reading.record({ log, offset }, record))),
    ];
    for (const { type } of events) if (type === 'settled' || type === 'stranded' || type === 'void') seen[type]++;
    const late = new ShardReading(shard);
    late.learn(history.segments.slice(0, 1));
    for (const log of bothRegions) history.logs[log]!.forEach((record, offset) => late.record({ log, offset }, record));
    if (late.learn(history.segments).some(({ type }) => type === 'resumed')) seen.resumed++;
    seen.takeovers += history.segments.filter(({ owner, mode }, at) => mode === 'solo' && history.segments[at - 1]?.owner !== owner).length;
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});
