import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert } from '#kernel';
import type { LineageRecord, Region, Segment, ShardId } from '#contracts';
import type { NewRecord, StoredRecord } from '../cluster.port.ts';
import { encodeLineage, encodeReceipts, encodeShardRecord } from '../core/record-codec.ts';
import { east, west } from '../core/reading.fixture.ts';
import { readingLimits, type ReadingLimits } from '../core/reading-events.ts';
import type { ReceiptsRecord, ShardRecord } from '../core/records.ts';
import { bothRegions, mirrored, rewinds, shardHistory, type Rewinds, type ShardHistory } from '../core/shard-history.arbitrary.ts';
import type { FeedCheckpoint } from '../settled-feed.port.ts';
import { FeedState } from './feed-state.ts';

/** Two shards with histories of their own share every partition. */
const shards: readonly [ShardId, ShardId] = ['order.east.0', 'order.west.0'];
const scope = { regions: bothRegions, partitions: 1, services: ['order' as const] };
const laterBy = 1_000;

/** The second shard's terms lie above the first one's, and its receipts come after: a cut is for all shards of its log. */
const later = <T extends { readonly term: number }>(item: T): T => ({ ...item, term: item.term + laterBy });
const asSecond = (record: ShardRecord): ShardRecord => ({ ...later(record), shard: shards[1] });
const receiptsAsSecond = (record: ReceiptsRecord): ReceiptsRecord =>
  record.kind === 'cut' ? later(record) : { ...record, receipts: record.receipts.map((one) => ({ ...later(one), shard: shards[1] })) };

interface Scene {
  readonly events: Readonly<Record<string, readonly NewRecord[]>>;
  readonly receipts: Readonly<Record<string, readonly NewRecord[]>>;
  readonly lineage: readonly NewRecord[];
  readonly settled: Readonly<Record<ShardId, readonly string[]>>;
}

function sceneOf(first: ShardHistory, second: ShardHistory, riffle: readonly boolean[]): Scene {
  const events: Record<string, NewRecord[]> = {};
  const receipts: Record<string, NewRecord[]> = {};
  for (const region of bothRegions) {
    // Chapter by chapter: the order of two shards' records in one log must agree with their order in the other, as time has it.
    const chapters = Math.max(first.segments.length, second.segments.length);
    events[region] = Array.from({ length: chapters }, (_, chapter) =>
      interleaved(chapterOf(first, region, chapter), chapterOf(second, region, chapter).map(asSecond), riffle).map(encodeShardRecord),
    ).flat();
    receipts[region] = [...first.receiptLogs[region]!, ...second.receiptLogs[region]!.map(receiptsAsSecond)].map(encodeReceipts);
  }
  const laterSegments = second.segments.map(later);
  const lineage = Array.from({ length: Math.max(first.segments.length, laterSegments.length) }, (_, revision) =>
    encodeLineage(lineageRecord(revision, first.segments.slice(0, revision + 1), laterSegments.slice(0, revision + 1))),
  );
  const termLater = (line: string): string => line.replace(/^\d+/, (term) => String(Number(term) + laterBy));
  return { events, receipts, lineage, settled: { [shards[0]]: first.settled, [shards[1]]: second.settled.map(termLater) } };
}

const lineageRecord = (revision: number, first: readonly Segment[], second: readonly Segment[]): LineageRecord => ({
  revision,
  lineage: { term: 5_000, status: { status: 'paired' }, shards: { [shards[0]]: [...first], [shards[1]]: [...second] } },
});

const chapterOf = ({ logs, chapterEnds }: ShardHistory, region: Region, chapter: number): readonly ShardRecord[] =>
  logs[region]!.slice(
    chapter === 0 ? 0 : (chapterEnds[region]![chapter - 1] ?? Number.POSITIVE_INFINITY),
    chapterEnds[region]![chapter] ?? 0,
  );

function interleaved<T>(a: readonly T[], b: readonly T[], riffle: readonly boolean[]): readonly T[] {
  const result: T[] = [];
  let [i, j] = [0, 0];
  for (const left of riffle) {
    const item = left ? a[i++] : b[j++];
    if (item !== undefined) result.push(item);
  }
  return [...result, ...a.slice(i), ...b.slice(j)];
}

/** A projector in one region: what it has stored survives a crash, nothing else does. */
class Projector {
  readonly #logs: Map<string, readonly NewRecord[]>;
  readonly #ids = new Map<string, string>();
  readonly #here: Region;
  readonly #limits: ReadingLimits;
  #state: FeedState;
  #next = new Map<string, number>();
  #paused = new Set<string>();
  #settled: Record<ShardId, string[]> = {};
  #stored: string | undefined;

  constructor(scene: Scene, here: Region, mirror: Rewinds, limits: ReadingLimits) {
    this.#here = here;
    this.#limits = limits;
    const other = here === east ? west : east;
    this.#logs = new Map([
      ['order.events', scene.events[here]!],
      [`${other}.order.events`, mirrored(scene.events[other]!, mirror)],
      ['receipts', scene.receipts[here]!],
      [`${other}.receipts`, mirrored(scene.receipts[other]!, mirror)],
      ['lineage', scene.lineage],
    ]);
    this.#state = this.#open();
  }

  get topics(): readonly string[] {
    return [...this.#logs.keys()];
  }

  get settled(): Readonly<Record<ShardId, readonly string[]>> {
    return this.#settled;
  }

  get stopped(): ReadonlyMap<ShardId, string> {
    return this.#state.stoppedShards;
  }

  /** Delivers up to `size` records of one topic. */
  step(topic: string, size: number): boolean {
    const log = this.#logs.get(topic)!;
    const next = this.#next.get(topic) ?? 0;
    if (next >= log.length || this.#paused.has(topic)) return false;
    const batch = log
      .slice(next, next + size)
      .map((record, index): StoredRecord => ({ ...record, topic, partition: 0, offset: next + index, timestampMs: 0 }));
    this.#next.set(topic, next + batch.length);
    const { commits, unreadable, pause, resume } = this.#state.apply(batch);
    assert(unreadable.length === 0, 'every record can be read');
    for (const { commit, topic: stands, offset } of commits) {
      (this.#settled[commit.shard] ??= []).push(`${commit.term}/${commit.writer}/${commit.seq}`);
      assert(this.topics.includes(stands), 'a commit stands in a topic that was read');
      assert(offset >= 0, 'a commit stands at an offset');
    }
    for (const at of pause) this.#paused.add(at.topic);
    for (const at of resume) this.#paused.delete(at.topic);
    return true;
  }

  finish(): void {
    for (let moved = true; moved;) moved = this.topics.map((topic) => this.step(topic, 7)).includes(true);
  }

  store(): void {
    this.#stored = JSON.stringify({ checkpoint: this.#state.checkpoint(), settled: this.#settled });
  }

  crash(): void {
    this.#state = this.#open();
  }

  /** The mirror of the other region's events is dropped and made anew, while this reader runs. */
  recreateMirror(mirror: Rewinds): void {
    const topic = this.topics[1]!;
    this.#logs.set(topic, mirrored(this.#logs.get(topic)!, mirror));
    this.#ids.set(topic, `${this.#ids.get(topic) ?? ''}again`);
    assert(this.#state.identify(topic, this.#ids.get(topic)!), 'a new id means a new topic');
    this.#next.set(topic, this.#state.nextOffset(topic, 0)!);
    assert(this.#next.get(topic) === 0, 'a new topic is read from its start');
    this.#paused = new Set(this.#state.paused.map((at) => at.topic)); // reading begins anew, with what is held back then
  }

  #open(): FeedState {
    const stored =
      this.#stored === undefined
        ? undefined
        : (JSON.parse(this.#stored) as { checkpoint: FeedCheckpoint; settled: Record<ShardId, string[]> });
    this.#settled = stored?.settled ?? {};
    this.#paused = new Set();
    const state = new FeedState({ here: this.#here, ...scope }, stored?.checkpoint, {}, this.#limits);
    for (const topic of this.topics) {
      if (!this.#ids.has(topic)) this.#ids.set(topic, `id of ${topic}`);
      state.identify(topic, this.#ids.get(topic)!);
    }
    state.start();
    this.#next = new Map(state.readFrom().map(({ topic, offset }) => [topic, Number(offset)]));
    return state;
  }
}

const scene = fc
  .tuple(shardHistory, shardHistory, fc.array(fc.boolean(), { maxLength: 40 }))
  .map(([first, second, riffle]) => sceneOf(first, second, riffle));
const step = fc.record({
  topic: fc.nat(4),
  size: fc.integer({ min: 1, max: 20 }),
  afterwards: fc.constantFrom('go on', 'go on', 'store', 'crash', 'recreate'),
});
const run = fc.record({ here: fc.constantFrom(...bothRegions), mirror: rewinds, again: rewinds, steps: fc.array(step, { maxLength: 60 }) });

describe('a feed yields every settled commit of every shard exactly once more than its checkpoint says', () => {
  it.each([
    ['with room for all that waits', readingLimits],
    ['held back and released all the time', { heldMax: 2, pendingMax: 1_000 }],
  ])(
    '%s',
    (_, limits) => {
      fc.assert(
        fc.property(scene, run, (history, { here, mirror, again, steps }) => {
          const projector = new Projector(history, here, mirror, limits);
          for (const { topic, size, afterwards } of steps) {
            projector.step(projector.topics[topic]!, size);
            if (afterwards === 'store') projector.store();
            else if (afterwards === 'crash') projector.crash();
            else if (afterwards === 'recreate') projector.recreateMirror(again);
          }
          projector.finish();
          if (projector.stopped.size > 0) {
            // More came after a stop than is kept until the lineage takes it back: a restart goes on from where it stopped.
            expect(limits.heldMax).toBe(2);
            projector.store();
            projector.crash();
            projector.finish();
          }
          for (const shard of shards) expect(projector.settled[shard] ?? []).toEqual(history.settled[shard]);
          expect([...projector.stopped]).toEqual([]);
        }),
        { numRuns: 500, seed: 20_261_121 },
      );
    },
    30_000,
  );
});
