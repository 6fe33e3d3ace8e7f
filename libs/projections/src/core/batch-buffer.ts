import type { ShardId } from '#contracts';
import type { FeedCheckpoint, SettledBatch, SettledCommit } from '#shard-log';
import type { UnreadableRecord } from '../projection.port.ts';

/** All that arrived while the last transaction ran: what one transaction takes. */
export interface PendingWork {
  readonly commits: readonly SettledCommit[];
  readonly unreadable: readonly UnreadableRecord[];
  readonly moved: Readonly<Record<ShardId, number>>;
  readonly checkpoint: FeedCheckpoint;
  /** A limit was reached: more is waiting to be read. */
  readonly isFull: boolean;
}

export interface BufferLimits {
  readonly commitsMax: number;
  /** Sum of the bodies' lengths, in UTF-16 units. */
  readonly bodyCharsMax: number;
}

/**
 * Between the feed and the transactions. The feed is let go on while there is room, so that it reads while PostgreSQL writes; a
 * batch is taken whole, so the limits are passed by at most one batch.
 */
export class BatchBuffer {
  readonly #limits: BufferLimits;
  #commits: SettledCommit[] = [];
  #unreadable: UnreadableRecord[] = [];
  #moved: Record<string, number> = {};
  #checkpoint: FeedCheckpoint | undefined;
  #chars = 0;
  #closed = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** Resolves when there is room for the next batch. */
  async put(batch: SettledBatch): Promise<void> {
    for (const settled of batch.commits) {
      this.#commits.push(settled);
      this.#chars += settled.commit.body.length;
    }
    Object.assign(this.#moved, batch.moved);
    this.#checkpoint = batch.checkpoint;
    this.#wakeReader?.();
    while (!this.#closed && this.#full()) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
  }

  putUnreadable(record: UnreadableRecord): void {
    this.#unreadable.push(record);
  }

  get commits(): number {
    return this.#commits.length;
  }

  get holdsCommits(): boolean {
    return this.#checkpoint !== undefined && (this.#commits.length > 0 || this.#unreadable.length > 0);
  }

  take(): PendingWork | undefined {
    if (this.#checkpoint === undefined) return undefined;
    const work = {
      commits: this.#commits,
      unreadable: this.#unreadable,
      moved: this.#moved,
      checkpoint: this.#checkpoint,
      isFull: this.#full(),
    };
    this.#commits = [];
    this.#unreadable = [];
    this.#moved = {};
    this.#checkpoint = undefined;
    this.#chars = 0;
    for (const wake of this.#wakeWriters.splice(0)) wake();
    return work;
  }

  /** Resolves when a batch comes in, at `wake` and `close`, or when the time is over. One waiter at a time. */
  async arrival(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wakeReader = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeReader = undefined;
  }

  /** Ends a running `arrival` early: there is something else to do. */
  wake(): void {
    this.#wakeReader?.();
  }

  /** Wakes whoever waits: the feed is not held back any more. */
  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  #full(): boolean {
    return this.#commits.length >= this.#limits.commitsMax || this.#chars >= this.#limits.bodyCharsMax;
  }
}
