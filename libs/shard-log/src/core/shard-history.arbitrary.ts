import * as fc from 'fast-check';
import type { Region, Segment } from '#contracts';
import { assertNever } from '#kernel';
import { close, commit, cut, east, fence, otherThan, receipt, receipts, segment, west } from './reading.fixture.ts';
import type { Receipt, ReceiptsRecord, ShardRecord } from './records.ts';

/**
 * Random histories of one shard as the protocol allows them: hand-overs, takeovers with stranded commits, zombies, lost races,
 * overtaken fences, late closes and receipts. Built forward, so that what must be settled in the end is known without the reader.
 */
export interface ShardHistory {
  readonly logs: Readonly<Record<string, readonly ShardRecord[]>>;
  readonly receiptLogs: Readonly<Record<string, readonly ReceiptsRecord[]>>;
  /** Per log its length at the end of each chapter: what two shards' logs in one partition are interleaved by. */
  readonly chapterEnds: Readonly<Record<string, readonly number[]>>;
  readonly segments: readonly Segment[];
  /** As `settledOf` writes them, without what they prove. */
  readonly settled: readonly string[];
  /** Of those, the ones that the other region holds: by a receipt, or because the next segment's owner, another one, has read to its base. */
  readonly inBoth: { readonly byReceipt: ReadonlySet<string>; readonly bySuccessor: ReadonlySet<string> };
}

export const bothRegions: readonly Region[] = [east, west];

interface Opening {
  readonly commits: number;
  readonly lostRace: boolean;
  readonly overtaken: boolean;
  readonly zombie: boolean;
}

interface Chapter {
  readonly openings: readonly Opening[];
  readonly ending: 'handoff' | 'goes-on-paired' | 'goes-on-solo' | 'takeover';
  /** How much of the chapter its mirror has receipted in the end, in thousandths. */
  readonly receipted: number;
  readonly lateCommits: number;
  readonly lateClose: boolean;
  /** What the mirror of a dead region's log goes on with, past the base, when that log lost its tail and a zombie wrote on. */
  readonly damage: 'none' | 'unseen-generation' | 'other-writer' | 'gap' | 'fence-gap';
  readonly lateReceipts: boolean;
  /** Late records land after so many later chapters. */
  readonly lateBy: number;
}

const opening: fc.Arbitrary<Opening> = fc.record({
  commits: fc.nat(3),
  lostRace: fc.boolean(),
  overtaken: fc.boolean(),
  zombie: fc.boolean(),
});
const chapter: fc.Arbitrary<Chapter> = fc.record({
  openings: fc.array(opening, { maxLength: 3 }),
  ending: fc.constantFrom('handoff', 'goes-on-paired', 'goes-on-solo', 'takeover'),
  receipted: fc.nat(1000),
  lateCommits: fc.nat(2),
  lateClose: fc.boolean(),
  damage: fc.constantFrom('none', 'unseen-generation', 'other-writer', 'gap', 'fence-gap'),
  lateReceipts: fc.boolean(),
  lateBy: fc.integer({ min: 0, max: 2 }),
});

const chapters = fc.array(chapter, { minLength: 1, maxLength: 5 });
export const shardHistory: fc.Arbitrary<ShardHistory> = chapters.map((all) => historyOf(all));
/**
 * Without logs that have lost their tail and without late commits: what a hole hides of those, a reader cannot know (a fence, behind which
 * the writer that it fenced off still writes the very next seq).
 */
export const undisputedHistory: fc.Arbitrary<ShardHistory> = chapters.map((all) => historyOf(all.map(withoutDispute)));

const withoutDispute = (one: Chapter): Chapter => ({
  ...one,
  damage: 'none',
  lateCommits: 0,
  openings: one.openings.map((each) => ({ ...each, zombie: false })),
});

interface Written {
  readonly term: number;
  readonly generation: number;
  readonly writer: string;
  readonly seq: number;
}

export function historyOf(chapters: readonly Chapter[]): ShardHistory {
  const logs: Record<string, ShardRecord[]> = { east: [], west: [] };
  const receiptLogs: Record<string, ReceiptsRecord[]> = { east: [], west: [] };
  const chapterEnds: Record<string, number[]> = { east: [], west: [] };
  const segments: Segment[] = [];
  const settled: string[] = [];
  const inBoth = { byReceipt: new Set<string>(), bySuccessor: new Set<string>() };
  const late: { due: number; log: Region; records: readonly ShardRecord[] }[] = [];
  let now = segment(1, east, 0);

  chapters.forEach((script, index) => {
    segments.push(now);
    const log = logs[now.owner]!;
    const said = receiptLogs[now.mirror]!;
    const written = writeChapter(log, now, script.openings);
    const isLast = index === chapters.length - 1;
    const reached = writeReceipts(said, now, written, script, isLast);
    const next = isLast ? undefined : nextSegment(now, script, written, reached);
    const end = next?.base ?? (now.mode === 'solo' ? Number.POSITIVE_INFINITY : reached);
    for (const { term, writer, seq } of written.filter((one) => one.seq <= end)) {
      const commit = `${term}/${writer}/${seq}`;
      settled.push(commit);
      if (now.mode === 'paired' && seq <= reached) inBoth.byReceipt.add(commit);
      if (now.mode === 'paired' && next !== undefined && next.owner !== now.owner) inBoth.bySuccessor.add(commit);
    }
    if (next !== undefined) {
      const takenOver = next.mode === 'solo' && next.owner !== now.owner;
      if (takenOver) said.push(cut(now.mirror, next.term));
      else log.push(close(now.term));
      if (script.lateReceipts && takenOver) said.push(receipts(now.mirror, receipt(now.term, 99, 999, 'zombie')));
      late.push({ due: index + script.lateBy, log: now.owner, records: lateRecords(now, written, script) });
      now = next;
    }
    for (const zombie of late.filter(({ due }) => due === index)) logs[zombie.log]!.push(...zombie.records);
    for (const region of bothRegions) chapterEnds[region]!.push(logs[region]!.length);
  });
  return { logs, receiptLogs, chapterEnds, segments, settled, inBoth };
}

function writeChapter(log: ShardRecord[], { term, base }: Segment, openings: readonly Opening[]): readonly Written[] {
  const written: Written[] = [];
  let seq = base;
  openings.forEach(({ commits, lostRace, overtaken, zombie }, index) => {
    const generation = index + 1;
    const writer = `t${term}g${generation}`;
    if (overtaken && index > 0 && seq > base) log.push(fence(term, generation, seq - 1, 'overtaken'));
    log.push(fence(term, generation, seq, writer));
    if (lostRace) log.push(fence(term, generation, seq, 'loser'));
    for (let n = 0; n < commits; n++) {
      if (zombie && index > 0) log.push(commit(term, generation - 1, seq + 1));
      seq++;
      log.push(commit(term, generation, seq, writer));
      written.push({ term, generation, writer, seq });
    }
  });
  return written;
}

/** The mirror's receipts, and the seq that they reach. A close that is handed on is covered; a takeover takes what is reached. */
function writeReceipts(
  said: ReceiptsRecord[],
  { mode, term, base, mirror }: Segment,
  written: readonly Written[],
  script: Chapter,
  isLast: boolean,
): number {
  if (mode === 'solo') return base;
  const covers = !isLast && script.ending === 'handoff';
  const count = covers ? written.length : Math.round((written.length * script.receipted) / 1000);
  const list: Receipt[] = [receipt(term, 0, base)];
  for (const { generation, seq, writer } of written.slice(0, count)) list.push(receipt(term, generation, seq, writer));
  // Batched by two, the last one repeated, and a lagging agent's older one after it.
  for (let at = 0; at < list.length; at += 2) said.push(receipts(mirror, ...list.slice(at, at + 2)));
  said.push(receipts(mirror, list.at(-1)!), receipts(mirror, list[0]!));
  return list.at(-1)!.seq;
}

function nextSegment(now: Segment, { ending }: Chapter, written: readonly Written[], reached: number): Segment {
  const term = now.term + 2; // terms are the whole lineage's: a shard has gaps in them
  const end = written.at(-1)?.seq ?? now.base;
  if (now.mode === 'solo') return segment(term, now.owner, end, ending === 'goes-on-solo' ? 'solo' : 'paired');
  switch (ending) {
    case 'handoff':
      return segment(term, otherThan(now.owner), end);
    case 'takeover':
      return segment(term, now.mirror, reached, 'solo');
    case 'goes-on-paired':
      return segment(term, now.owner, end);
    case 'goes-on-solo':
      return segment(term, now.owner, end, 'solo');
    default:
      return assertNever(ending);
  }
}

/** What a paused writer or agent of the chapter still appends to its own log. */
function lateRecords({ term }: Segment, written: readonly Written[], script: Chapter): readonly ShardRecord[] {
  const last = written.at(-1);
  if (last === undefined) return script.lateClose ? [close(term)] : [];
  const commits = Array.from({ length: script.lateCommits }, (_, n) => commit(term, last.generation, last.seq + 1 + n, last.writer));
  return [...commits, ...damaged(last, script), ...(script.lateClose ? [close(term)] : [])];
}

function damaged({ term, generation, seq, writer }: Written, { damage }: Chapter): readonly ShardRecord[] {
  switch (damage) {
    case 'none':
      return [];
    case 'unseen-generation':
      return [fence(term, generation + 1, seq - 1, 'damaged'), commit(term, generation + 1, seq, 'damaged')];
    case 'other-writer':
      return [commit(term, generation, seq, 'damaged')];
    case 'gap':
      return [commit(term, generation, seq + 9, writer)];
    case 'fence-gap':
      return [fence(term, generation + 1, seq + 9, 'damaged')];
    default:
      return assertNever(damage);
  }
}

/** How a mirror may deliver a log: rewinding now and then, and then going on in order. At-least-once, never skipping. */
export interface Rewinds {
  readonly rewinds: readonly { readonly at: number; readonly back: number }[];
}
export const rewinds: fc.Arbitrary<Rewinds> = fc.record({
  rewinds: fc.array(fc.record({ at: fc.nat(60), back: fc.integer({ min: 1, max: 30 }) }), { maxLength: 3 }),
});

export function mirrored<T>(log: readonly T[], { rewinds: list }: Rewinds): readonly T[] {
  return log.flatMap((record, index) => [
    record,
    ...list.filter(({ at }) => at === index).flatMap(({ back }) => log.slice(Math.max(0, index + 1 - back), index + 1)),
  ]);
}
