import { assert } from '#kernel';
import type { Region, Segment, ShardId } from '#contracts';
import { after, cursorAtBase, effectOf, judge, type LogCursor } from './cursor.ts';
import { atStart, HeldRecords, type Positioned } from './held-records.ts';
import { growthOf, isHistory, placeOf } from './lineage-filter.ts';
import { admission, cursorOf, progressFrom } from './merge.ts';
import { Queue } from './queue.ts';
import { isAhead, readingLimits, type ReadingEvent, type ReadingLimits, type ShardResume } from './reading-events.ts';
import type { Commit, Position, Receipt, ReceiptsRecord, ShardRecord } from './records.ts';
import { applyReceipts, durabilityOf, ReceiptBook } from './settled.ts';

const nothing: readonly ReadingEvent[] = [];

/**
 * The reading of ONE shard: cursor, lineage filter, merge and settled rule, composed. Synchronous, deterministic, without I/O: two
 * readers that are given the same logs, receipts and lineage, in whatever interleaving, yield the same settled commits.
 *
 * It fails loudly and alone: after `stopped` it yields nothing more, and `neededFrom` keeps the place where it stopped; a stop that the
 * lineage, learnt later, shows to lie past the end of its term's history is taken back (`resumed`), and so is one by a mirror that was
 * made anew. It does not decode events, and it does not bound what others keep of its events. Records of one log come in the log's order; duplicates, rewinds and
 * re-delivery from `neededFrom` on are harmless.
 */
export class ShardReading {
  readonly shard: ShardId;
  #segments: readonly Segment[] = [];
  /** Index of the segment that is being read; meaningless before the lineage is known. */
  #at = 0;
  /** Its term; survives a restart, unlike its index. 0 before the first. */
  #atTerm = 0;
  readonly #cursors = new Map<Region, LogCursor>();
  readonly #receipts: ReceiptBook;
  /** Accepted and not settled: commits of the last segment only, for those of earlier ones settle as they are accepted. */
  readonly #pending = new Queue<Positioned<Commit>>();
  readonly #held: HeldRecords;
  #settledSeq = 0;
  /** `log`: the one that is to blame; undefined when the lineage is. */
  #stopped: { readonly reason: string; readonly byVerdict: boolean; readonly log: Region | undefined } | undefined;
  /** After a stop: per log the first offset that was neither looked at nor kept. */
  readonly #unread = new Map<Region, number>();
  readonly #limits: ReadingLimits;

  constructor(shard: ShardId, resume?: ShardResume, limits: ReadingLimits = readingLimits) {
    this.shard = shard;
    this.#limits = limits;
    this.#held = new HeldRecords(limits);
    this.#receipts = new ReceiptBook(resume?.receipts);
    if (resume === undefined) return;
    this.#settledSeq = resume.settledSeq;
    this.#atTerm = resume.atTerm;
    for (const [log, cursor] of Object.entries(resume.cursors)) this.#cursors.set(log as Region, cursor);
  }

  /** Takes in the newest lineage of this shard, at any time; an older one than is known changes nothing. */
  learn(segments: readonly Segment[]): readonly ReadingEvent[] {
    const growth = growthOf(this.#segments, segments);
    if (segments.length === 0 || growth.kind === 'older') return nothing;
    const events: ReadingEvent[] = [];
    if (this.#stopped !== undefined && !(growth.kind === 'newer' && this.#takesBackStop(segments, events))) return nothing;
    if (growth.kind === 'contradiction') return this.#stop(events, growth.reason);
    if (this.#segments.length === 0) {
      // A resume may be newer than the first lineage that a restarted reader meets: then it waits for a newer one.
      if (segments.at(-1)!.term < this.#atTerm) return nothing;
      this.#at = this.#atTerm === 0 ? 0 : segments.findIndex((segment) => segment.term === this.#atTerm);
      if (this.#at < 0) return this.#stop(events, `the lineage lacks term ${this.#atTerm}, which was read before`);
    }
    this.#segments = segments;
    this.#atTerm = segments[this.#at]!.term;
    this.#settledSeq = Math.max(this.#settledSeq, segments[0]!.base);
    const next = segments[this.#at + 1];
    if (next !== undefined && next.base < this.#settledSeq)
      return this.#stop(events, `the lineage takes back settled commits: term ${next.term} begins after ${next.base}`);
    this.#endPending(events);
    this.#catchUp(events);
    return events;
  }

  /** Takes in the next record of a log. */
  record(position: Position, record: ShardRecord): readonly ReadingEvent[] {
    if (this.#stopped !== undefined) {
      this.#keep({ position, record });
      return nothing;
    }
    const events: ReadingEvent[] = [];
    if (this.#held.first(position.log) !== undefined || !this.#look(position, record, events)) {
      this.#held.hold({ position, record });
      this.#pressure(position.log, events);
    } else if (this.#stopped !== undefined) this.#keep({ position, record });
    else if (this.#at < this.#segments.length - 1) this.#catchUp(events);
    else if (record.kind === 'commit') this.#pressure(position.log, events);
    return events;
  }

  /** Takes in the next record of region `by`'s `receipts` log. */
  receipts(by: Region, record: ReceiptsRecord): readonly ReadingEvent[] {
    // Also after a stop: what is kept must still be right when the shard is read again.
    applyReceipts(this.#receipts, this.shard, by, record);
    return record.kind === 'cut' ? nothing : this.#settleAfterReceipts();
  }

  /** The same for one receipt of this shard, for callers that sort a record's receipts by shard themselves. */
  receipt(by: Region, receipt: Receipt): readonly ReadingEvent[] {
    this.#receipts.add(by, receipt);
    return this.#settleAfterReceipts();
  }

  /** The cursor of the segment that is being read: of the last one as soon as `cursor.term === lastSegment.term`. */
  get cursor(): LogCursor {
    const segment = this.#segments[this.#at];
    return segment === undefined ? cursorAtBase(0, 0) : cursorOf(segment, this.#cursors);
  }

  get lastSegment(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get settledSeq(): number {
    return this.#settledSeq;
  }

  get stopped(): string | undefined {
    return this.#stopped?.reason;
  }

  /**
   * A receipt of the last segment's term that stands above what was read. To a reader of a lagging mirror that is normal; a writer
   * that has read its own log to the end stops loudly: that log has lost data.
   */
  get receiptAhead(): Receipt | undefined {
    const last = this.lastSegment;
    const highest = last && this.#receipts.highest(last);
    return last && highest && isAhead(highest, cursorOf(last, this.#cursors)) ? highest : undefined;
  }

  /** Plain JSON. Reading the logs again from `neededFrom` with it yields exactly the settled commits not yet yielded. */
  resume(): ShardResume {
    const cursors = new Map(this.#cursors);
    const first = this.#pending.first;
    if (first !== undefined) {
      // Commits that wait are read again: the cursor goes back to where it stood before the first of them.
      const { term, generation, writer, seq } = first.record;
      cursors.set(first.position.log, { term, generation, writer, seq: seq - 1, closed: false });
    }
    return {
      version: 1,
      atTerm: this.#atTerm,
      settledSeq: this.#settledSeq,
      cursors: Object.fromEntries(cursors),
      receipts: this.#receipts.stored(),
    };
  }

  /** Lowest offset of that log that must be read again; undefined when nothing is: then the log's next offset. */
  neededFrom(log: Region): number | undefined {
    const pending = this.#pending.first?.position;
    const offsets = [pending?.log === log ? pending.offset : undefined, this.#held.first(log)?.position.offset, this.#unread.get(log)];
    return offsets.reduce(
      (lowest, offset) => (lowest === undefined || (offset !== undefined && offset < lowest) ? offset : lowest),
      undefined,
    );
  }

  /** The log is read again from its start, where its offsets count anew: cursors stay, old offsets mean nothing. */
  rereadFromStart(log: Region): void {
    this.#pending.replaceEach((item) => atStart(item, log));
    this.#held.rereadFromStart(log);
    if (this.#unread.has(log)) this.#unread.set(log, 0);
  }

  /**
   * The mirror of another region's log was made anew, and is read from its start as if nothing had ever been read of it: behind a hole the old
   * copy may have shown a close, or a fence that had lost, too early. What was settled stays and is not yielded again; the shard goes on if
   * the old copy had stopped it. Then tell it the lineage: what came while it stood still has passed it by. Not for an own log: a writer
   * could go on behind what it has forgotten.
   */
  mirrorMadeAnew(log: Region): readonly ReadingEvent[] {
    const events: ReadingEvent[] = [];
    this.#cursors.delete(log);
    this.#held.forget(log, events);
    this.#unread.delete(log);
    if (this.#pending.first?.position.log === log) this.#pending.clear();
    if (this.#stopped?.log === log && this.#unread.size === 0) {
      events.push({ type: 'resumed', after: this.#stopped.reason });
      this.#stopped = undefined;
    }
    return events;
  }

  /** Judges a log's head. False: it must wait. */
  #look(position: Position, record: ShardRecord, events: ReadingEvent[]): boolean {
    const place = placeOf(this.#segments, position.log, record.term);
    if (place.kind === 'not-yet-known') return false;
    if (place.kind === 'no-history') {
      this.#void(position, record, place.reason, events);
      return true;
    }
    const segment = this.#segments[place.index]!;
    const cursor = this.#cursors.get(position.log);
    if (cursor === undefined || cursor.term < record.term) {
      const admitted = admission(this.#segments, this.#at, position.log, place.index);
      if (admitted.kind === 'wait') return false;
      if (admitted.kind === 'never-complete') this.#stop(events, admitted.reason, { log: position.log, position });
      else this.#accordingToCursor(position, record, place.index, cursorAtBase(segment.term, segment.base), events);
      return true;
    }
    this.#accordingToCursor(position, record, place.index, cursor, events);
    return true;
  }

  #accordingToCursor(position: Position, record: ShardRecord, index: number, cursor: LogCursor, events: ReadingEvent[]): void {
    const verdict = effectOf[judge(cursor, record)];
    assert(verdict.effect !== 'move', 'the merge has moved the cursor to the record’s term');
    if (verdict.effect === 'stop') {
      // Past the next segment's base nothing can be lost that ever counted: a dead region's damaged tail must not stop the survivor.
      if (index < this.#at) this.#void(position, record, `past the end of its term’s history; ${verdict.reason}`, events);
      else this.#stop(events, verdict.reason, { log: position.log, position, byVerdict: true });
      return;
    }
    const accepted = verdict.effect === 'accept' ? after(cursor, record) : cursor;
    this.#cursors.set(position.log, accepted);
    if (verdict.effect === 'void') this.#void(position, record, verdict.reason, events);
    else if (record.kind === 'fence') events.push({ type: 'fence', fence: record, position, verdict: 'accepted' });
    else if (record.kind === 'close') events.push({ type: 'closed', term: accepted.term, seq: accepted.seq });
    else this.#accepted(position, record, index, events);
  }

  #void(position: Position, record: ShardRecord, reason: string, events: ReadingEvent[]): void {
    if (record.kind === 'fence') events.push({ type: 'fence', fence: record, position, verdict: 'void' });
    else events.push({ type: 'void', record, position, reason });
  }

  #accepted(position: Position, commit: Commit, index: number, events: ReadingEvent[]): void {
    if (!isHistory(this.#segments, index, commit.seq)) {
      events.push({ type: 'stranded', commit, position, wasAccepted: false });
      return;
    }
    if (commit.seq <= this.#settledSeq) return this.#void(position, commit, 'settled before its mirror was made anew', events);
    assert(index === this.#at, 'history is read one segment at a time');
    events.push({ type: 'accepted', commit, position });
    if (index < this.#segments.length - 1) this.#settled({ record: commit, position }, index, events);
    else {
      this.#pending.push({ record: commit, position });
      this.#settlePending(events);
    }
  }

  #settled({ record: commit, position }: Positioned<Commit>, index: number, events: ReadingEvent[]): void {
    assert(commit.seq === this.#settledSeq + 1, 'settled commits follow each other without a gap');
    this.#settledSeq = commit.seq;
    const isReceipted = this.#receipts.settles(this.#segments[index]!, commit);
    events.push({ type: 'settled', commit, position, durability: durabilityOf(this.#segments, index, isReceipted) });
  }

  /** Settles what waits in the last segment, as far as its mode or its mirror's receipts reach. */
  #settlePending(events: ReadingEvent[]): void {
    const last = this.lastSegment;
    if (last === undefined) return;
    for (let first = this.#pending.first; first !== undefined; first = this.#pending.first) {
      assert(first.record.term === last.term, 'only commits of the last segment wait');
      if (last.mode !== 'solo' && !this.#receipts.settles(last, first.record)) return;
      this.#pending.shift();
      this.#settled(first, this.#segments.length - 1, events);
    }
  }

  #settleAfterReceipts(): readonly ReadingEvent[] {
    const waiting = this.#pending.first;
    const events: ReadingEvent[] = [];
    if (waiting === undefined || this.#stopped !== undefined) return events;
    this.#settlePending(events);
    if (events.length > 0) this.#pressure(waiting.position.log, events);
    return events;
  }

  /** The lineage has grown: what waits in the formerly last segment is settled up to the next base, and stranded beyond. */
  #endPending(events: ReadingEvent[]): void {
    const segment = this.#segments[this.#at]!;
    if (this.#at === this.#segments.length - 1) return;
    for (let item = this.#pending.shift(); item !== undefined; item = this.#pending.shift()) {
      assert(item.record.term === segment.term, 'only commits of the segment being read wait');
      if (isHistory(this.#segments, this.#at, item.record.seq)) this.#settled(item, this.#at, events);
      else events.push({ type: 'stranded', commit: item.record, position: item.position, wasAccepted: true });
    }
  }

  /** Goes on to later segments, and looks again at what was held back, until nothing moves. */
  #catchUp(events: ReadingEvent[]): void {
    for (let moved = true; moved;) {
      moved = false;
      if (!this.#goOn(events)) return;
      for (const [log, held] of this.#held.queues) {
        for (let first = held.first; first !== undefined; first = held.first) {
          if (!this.#look(first.position, first.record, events)) break;
          if (this.#stopped !== undefined || !this.#goOn(events)) return;
          held.shift();
          moved = true;
        }
        this.#pressure(log, events);
      }
    }
  }

  /** Moves to the first segment that is not complete. False: the shard was stopped. */
  #goOn(events: ReadingEvent[]): boolean {
    const progress = progressFrom(this.#segments, this.#at, this.#cursors);
    if (progress.kind === 'never-complete') {
      this.#stop(events, progress.reason, { log: progress.log });
      return false;
    }
    if (progress.index === this.#at) return true;
    this.#at = progress.index;
    this.#atTerm = this.#segments[this.#at]!.term;
    this.#receipts.forgetBefore(this.#atTerm);
    return true;
  }

  #pressure(log: Region, events: ReadingEvent[]): void {
    this.#held.pressure(log, this.#pending.first?.position.log === log ? this.#pending.length : 0, events);
  }

  #stop(
    events: ReadingEvent[],
    reason: string,
    { log, position, byVerdict = false }: { readonly log?: Region; readonly position?: Position; readonly byVerdict?: boolean } = {},
  ): readonly ReadingEvent[] {
    this.#stopped = { reason, byVerdict, log };
    this.#held.releaseAll(events);
    events.push({ type: 'stopped', reason, position });
    return events;
  }

  /**
   * After a stop nobody is paused for this shard, so what comes is kept in memory, the record that stopped it first, while there is room.
   * A log of which more has come than that can only be read again after a restart, from `neededFrom`.
   */
  #keep(item: Positioned<ShardRecord>): void {
    const { log, offset } = item.position;
    if (this.#unread.has(log)) return;
    if (this.#held.length(log) < this.#limits.heldMax) this.#held.hold(item);
    else this.#unread.set(log, offset);
  }

  /** Whether the newer lineage shows that the record which stopped the shard stands past the end of its term's history. */
  #takesBackStop(segments: readonly Segment[], events: ReadingEvent[]): boolean {
    const next = segments[this.#at + 1];
    if (this.#stopped?.byVerdict !== true || this.#unread.size > 0) return false;
    if (next === undefined || next.base > this.cursor.seq) return false;
    events.push({ type: 'resumed', after: this.#stopped.reason });
    this.#stopped = undefined;
    return true;
  }
}
