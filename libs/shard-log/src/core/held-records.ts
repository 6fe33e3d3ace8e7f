import type { Region } from '#contracts';
import { Queue } from './queue.ts';
import type { ReadingEvent, ReadingLimits } from './reading-events.ts';
import type { Position, ShardRecord } from './records.ts';

export interface Positioned<R extends ShardRecord> {
  readonly position: Position;
  readonly record: R;
}

/** The same record, in a log that is read again from its start. */
export const atStart = <R extends ShardRecord>(item: Positioned<R>, log: Region): Positioned<R> =>
  item.position.log === log ? { ...item, position: { log, offset: 0 } } : item;

/**
 * Per log the records that wait for an earlier segment, or for the lineage to become known; and which logs the caller was told to
 * pause for it. Bounded by the caller's pausing: what is already on its way when it is told is still taken.
 */
export class HeldRecords {
  readonly #limits: ReadingLimits;
  readonly #queues = new Map<Region, Queue<Positioned<ShardRecord>>>();
  readonly #heldBack = new Set<Region>();

  constructor(limits: ReadingLimits) {
    this.#limits = limits;
  }

  /** The logs of which something was held, ever. */
  get queues(): ReadonlyMap<Region, Queue<Positioned<ShardRecord>>> {
    return this.#queues;
  }

  first(log: Region): Positioned<ShardRecord> | undefined {
    return this.#queues.get(log)?.first;
  }

  length(log: Region): number {
    return this.#queues.get(log)?.length ?? 0;
  }

  hold(item: Positioned<ShardRecord>): void {
    const queue = this.#queues.get(item.position.log) ?? new Queue();
    queue.push(item);
    this.#queues.set(item.position.log, queue);
  }

  rereadFromStart(log: Region): void {
    this.#queues.get(log)?.replaceEach((item) => atStart(item, log));
  }

  /** What is held of the log comes again. */
  forget(log: Region, events: ReadingEvent[]): void {
    this.#queues.delete(log);
    if (this.#heldBack.delete(log)) events.push({ type: 'released', log });
  }

  /** Whether the caller must now pause the log, of which `pending` commits wait for receipts; it goes on when half is gone. */
  pressure(log: Region, pending: number, events: ReadingEvent[]): void {
    const held = this.length(log);
    const share = Math.max(held / this.#limits.heldMax, pending / this.#limits.pendingMax);
    if (share > 1 && !this.#heldBack.has(log)) {
      this.#heldBack.add(log);
      events.push({ type: 'held', log });
    } else if (share <= 0.5 && this.#heldBack.delete(log)) events.push({ type: 'released', log });
  }

  /** A shard that stands still holds no neighbour back. */
  releaseAll(events: ReadingEvent[]): void {
    for (const log of this.#heldBack) events.push({ type: 'released', log });
    this.#heldBack.clear();
  }
}
