import { shardOf, type Lineage, type Region, type Segment, type Service, type ShardId } from '#contracts';
import {
  readingLimits,
  ShardReading,
  type Position,
  type ReadingEvent,
  type ReadingLimits,
  type Receipt,
  type ReceiptsRecord,
  type ShardRecord,
  type ShardResume,
} from '#shard-log';
import { StrandedSightings } from '../stranded/stranded-sightings.ts';

/** Commits without their bodies are small: a partition is not held back, and so a close behind it unread, before very many wait. */
const limits: ReadingLimits = { ...readingLimits, pendingMax: 100_000 };

/**
 * What this region may say that it has accepted, and what its agent knows of every shard, own or not. Pure: no I/O, no clock.
 *
 * Guarantees that a receipt is given only for what was read before: of a shard whose last segment names this region as its mirror,
 * once its history is read up to that segment's base, and as far as the cursor has accepted. A shard that stands still gets none,
 * its neighbours do. After a mirror was recreated a shard gets none until the new copy holds again what was receipted before.
 */
export interface LedgerState {
  readonly version: 1;
  readonly shards: Readonly<Record<ShardId, ShardResume>>;
  readonly awaited: Readonly<Record<ShardId, Awaited>>;
  /** Absent in a checkpoint of an earlier version: none. */
  readonly unlookedStranded?: number;
}

/** The commit that a recreated mirror must show again before the shard is receipted again. */
interface Awaited {
  readonly log: Region;
  readonly term: number;
  readonly seq: number;
}

export type LedgerEvent =
  | { readonly type: 'stopped'; readonly shard: ShardId; readonly reason: string }
  | { readonly type: 'held' | 'released'; readonly shard: ShardId; readonly log: Region };

/** What a lineage asks of the reader: logs that must be read, and those to be read again from the start, for shards new to us. */
export interface LogsToRead {
  readonly logs: ReadonlySet<Region>;
  readonly again: ReadonlySet<Region>;
}

export class ReceiptLedger {
  /** Of commits that this region's own logs hold past the end of their term's history. */
  readonly strandedHere: StrandedSightings;
  readonly #here: Region;
  readonly #readings = new Map<ShardId, ShardReading>();
  readonly #awaited = new Map<ShardId, Awaited>();
  readonly #resumable: ReadonlyMap<ShardId, ShardResume>;
  readonly #segments = new Map<ShardId, readonly Segment[]>();
  readonly #touched = new Set<ShardId>();
  /** Per shard the newest receipt that was handed out. */
  readonly #given = new Map<ShardId, Receipt>();
  #events: LedgerEvent[] = [];
  #hasRead: boolean;

  constructor(here: Region, state?: LedgerState) {
    this.#here = here;
    this.strandedHere = new StrandedSightings(state?.unlookedStranded);
    this.#resumable = new Map(Object.entries(state?.shards ?? {}) as [ShardId, ShardResume][]);
    for (const [shard, awaited] of Object.entries(state?.awaited ?? {})) this.#awaited.set(shard as ShardId, awaited);
    this.#hasRead = state !== undefined;
  }

  learn(lineage: Lineage): LogsToRead {
    const again = new Set<Region>();
    for (const [id, segments] of Object.entries(lineage.shards)) {
      const shard = id as ShardId;
      let reading = this.#readings.get(shard);
      if (reading === undefined) {
        const resume = this.#resumable.get(shard);
        reading = new ShardReading(shard, resume, limits);
        this.#readings.set(shard, reading);
        if (this.#hasRead && resume === undefined) for (const { owner } of segments) again.add(owner);
      }
      const known = this.#segments.get(shard);
      if (known === undefined || known.length <= segments.length) this.#segments.set(shard, segments);
      this.#note(shard, reading.learn(segments));
    }
    return { logs: new Set([...this.#segments.values()].flat().map(({ owner }) => owner)), again };
  }

  /** Takes in the next record of a log, its own or a mirror. Records of shards that the lineage does not know are passed over. */
  record(position: Position, record: ShardRecord): void {
    this.#hasRead = true;
    const reading = this.#readings.get(record.shard);
    if (reading === undefined) return;
    const awaited = this.#awaited.get(record.shard);
    const isBack = awaited?.log === position.log && record.kind === 'commit' && record.term === awaited.term && record.seq >= awaited.seq;
    if (isBack) this.#awaited.delete(record.shard);
    // What a commit says does not matter here, and many may wait.
    this.#note(record.shard, reading.record(position, record.kind === 'commit' ? { ...record, body: '' } : record));
  }

  /**
   * Takes in the next record of a region's `receipts` log, of the own one too: what this region has written settles something only when it is read
   * back, for it may stand behind a cut, where it counts no more.
   */
  receipts(by: Region, record: ReceiptsRecord): void {
    if (record.kind === 'cut') for (const [shard, reading] of this.#readings) this.#keep(shard, reading.receipts(by, record));
    else
      for (const receipt of record.receipts) {
        const reading = this.#readings.get(receipt.shard);
        if (reading !== undefined) this.#keep(receipt.shard, reading.receipt(by, receipt));
      }
  }

  /** How far the last segment's log is read here; undefined while the history is not read up to its base, or the shard stands still. */
  logOf(shard: ShardId): { readonly acceptedSeq: number; readonly closedAt: number | undefined } | undefined {
    const reading = this.#readings.get(shard);
    const last = reading?.lastSegment;
    if (reading === undefined || last === undefined || reading.stopped !== undefined) return undefined;
    const { term, seq, closed } = reading.cursor;
    return term === last.term ? { acceptedSeq: seq, closedAt: closed ? seq : undefined } : undefined;
  }

  /** Undefined: the lineage as it is known here has no such shard. */
  lastTermOf(shard: ShardId): number | undefined {
    return this.#readings.get(shard)?.lastSegment?.term;
  }

  /** Shards whose newest commits wait for a receipt, with what has settled of them. */
  unsettled(): readonly { readonly shard: ShardId; readonly last: Segment; readonly settledSeq: number }[] {
    return [...this.#readings].flatMap(([shard, { lastSegment: last, cursor, settledSeq, stopped }]) =>
      last !== undefined && stopped === undefined && cursor.term === last.term && cursor.seq > settledSeq
        ? [{ shard, last, settledSeq }]
        : [],
    );
  }

  /** Shards of which a recreated mirror does not yet hold what was receipted. */
  get awaitedShards(): number {
    return this.#awaited.size;
  }

  /**
   * A topic has a new id: it is read from 0. Of a mirror nothing counts that was read before, in no term: what it holds is what this region can
   * say that it has, so its shards are read anew from their beginning and wait until it holds what they have receipted. Returned are the other
   * logs that must be read again for that.
   */
  rereadFromStart(log: Region, service: Service): ReadonlySet<Region> {
    const again = new Set<Region>();
    for (const [shard, reading] of this.#readings) {
      if (shardOf(shard).service !== service) continue;
      const newest = this.#newestReadIn(shard, log);
      if (newest !== undefined) this.#awaited.set(shard, newest);
      if (log === this.#here) reading.rereadFromStart(log);
      else if (this.#ownersOf(shard).has(log)) for (const other of this.#beginAnew(shard, reading)) if (other !== log) again.add(other);
    }
    return again;
  }

  /** Receipts of the shards that moved since they were last asked for. */
  moved(): readonly Receipt[] {
    const receipts: Receipt[] = [];
    for (const shard of this.#touched) {
      const receipt = this.#receiptOf(shard);
      if (receipt !== undefined && !isSame(receipt, this.#given.get(shard))) receipts.push(receipt);
    }
    this.#touched.clear();
    for (const receipt of receipts) this.#given.set(receipt.shard, receipt);
    return receipts;
  }

  /** Receipts of all shards that may have one, to be repeated. */
  all(): readonly Receipt[] {
    this.#touched.clear();
    const receipts = [...this.#readings.keys()].map((shard) => this.#receiptOf(shard)).filter((receipt) => receipt !== undefined);
    for (const receipt of receipts) this.#given.set(receipt.shard, receipt);
    return receipts;
  }

  /** These may not stand there: they are due again. */
  notWritten(receipts: readonly Receipt[]): void {
    for (const { shard } of receipts) {
      this.#given.delete(shard);
      this.#touched.add(shard);
    }
  }

  /** What happened since the last call. */
  takeEvents(): readonly LedgerEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  stopped(): ReadonlyMap<ShardId, string> {
    return new Map([...this.#readings].flatMap(([shard, { stopped }]) => (stopped === undefined ? [] : [[shard, stopped] as const])));
  }

  /** Of the shards that wait for this region's receipts: where their cursors stand. */
  receiptable(): ReadonlyMap<ShardId, Receipt | undefined> {
    return new Map([...this.#readings.keys()].filter((shard) => this.#isReceipted(shard)).map((shard) => [shard, this.#receiptOf(shard)]));
  }

  /** The lowest offset of a partition that must be read again after a restart; undefined: the next one. */
  neededFrom(log: Region, service: Service, partition: number): number | undefined {
    const offsets: number[] = [];
    for (const [shard, reading] of this.#readings) {
      const of = shardOf(shard);
      const needed = of.service === service && of.partition === partition ? reading.neededFrom(log) : undefined;
      if (needed !== undefined) offsets.push(needed);
    }
    return offsets.length === 0 ? undefined : Math.min(...offsets);
  }

  /** Plain JSON: together with the offsets, where to go on. */
  state(): LedgerState {
    return {
      version: 1,
      // What was resumed from and is not followed yet, for the lineage is not known, must not be forgotten: offsets stand beyond it.
      shards: Object.fromEntries([
        ...this.#resumable,
        ...[...this.#readings].map(([shard, reading]) => [shard, reading.resume()] as const),
      ]),
      awaited: Object.fromEntries(this.#awaited),
      unlookedStranded: this.strandedHere.unlooked,
    };
  }

  /** In place of a reading one that has read nothing but receipts. The logs that it must read. */
  #beginAnew(shard: ShardId, reading: ShardReading): ReadonlySet<Region> {
    const owners = this.#ownersOf(shard);
    for (const owner of owners) this.#note(shard, reading.mirrorMadeAnew(owner)); // lets go of the partitions that it holds back
    const { receipts, version } = reading.resume();
    const anew = new ShardReading(shard, { version, atTerm: 0, settledSeq: 0, cursors: {}, receipts }, limits);
    this.#readings.set(shard, anew);
    this.#note(shard, anew.learn(this.#segments.get(shard)!));
    return owners;
  }

  #ownersOf(shard: ShardId): ReadonlySet<Region> {
    return new Set((this.#segments.get(shard) ?? []).map(({ owner }) => owner));
  }

  #isReceipted(shard: ShardId): boolean {
    const last = this.#readings.get(shard)?.lastSegment;
    return last !== undefined && last.mirror === this.#here && last.owner !== this.#here;
  }

  #receiptOf(shard: ShardId): Receipt | undefined {
    const reading = this.#readings.get(shard);
    const last = reading?.lastSegment;
    if (reading === undefined || last === undefined || reading.stopped !== undefined) return undefined;
    if (!this.#isReceipted(shard) || this.#awaited.has(shard)) return undefined;
    const { term, generation, writer, seq } = reading.cursor;
    return term === last.term ? { shard, term, generation, writer, seq } : undefined; // else the history is not read up to its base
  }

  /** The newest commit of the shard's history that was read in this log, or undefined when there was none. */
  #newestReadIn(shard: ShardId, log: Region): Awaited | undefined {
    const cursor = this.#readings.get(shard)!.cursor;
    const segments = this.#segments.get(shard) ?? [];
    for (let index = segments.length - 1; index >= 0; index--) {
      const { term, owner, base } = segments[index]!;
      if (owner !== log || term > cursor.term) continue;
      const seq = term === cursor.term ? cursor.seq : segments[index + 1]!.base;
      if (seq > base) return { log, term, seq };
    }
    return undefined;
  }

  #note(shard: ShardId, events: readonly ReadingEvent[]): void {
    this.#touched.add(shard);
    this.#keep(shard, events);
  }

  #keep(shard: ShardId, events: readonly ReadingEvent[]): void {
    for (const event of events) {
      if (event.type === 'stranded' && event.position.log === this.#here) this.strandedHere.noted();
      else if (event.type === 'stopped') this.#events.push({ type: 'stopped', shard, reason: event.reason });
      else if (event.type === 'held' || event.type === 'released') this.#events.push({ type: event.type, shard, log: event.log });
    }
  }
}

const isSame = (a: Receipt, b: Receipt | undefined): boolean =>
  b !== undefined && a.term === b.term && a.generation === b.generation && a.writer === b.writer && a.seq === b.seq;
