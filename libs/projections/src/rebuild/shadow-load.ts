import { assert } from '#kernel';
import type { ShardId } from '#contracts';
import { BatchWriter, type WriteMode } from '../batch-writer.ts';
import { BatchBuffer, type PendingWork } from '../core/batch-buffer.ts';
import { isPoison } from '../core/fold-error.ts';
import { decideParked, repeatSkips, standsInTheLog } from '../decide-parked.ts';
import { readProgress } from '../postgres/checkpoint-table.ts';
import type { ProjectionDatabase } from '../postgres/database.ts';
import type { ParkedLog } from '../parked-log.port.ts';
import type { OpenFeed, ProjectorDefinition, ProjectorFeed } from '../projection.port.ts';
import { cappedWork, joined, type Progress } from './capped-work.ts';
import { RowsAhead } from './rows-ahead.ts';

export interface ShadowLoadOptions<Event extends { readonly type: string }, State> {
  readonly shadow: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly openFeed: OpenFeed;
  readonly parkedLog: Pick<ParkedLog, 'skipped'>;
}

/** What is read ahead while PostgreSQL or a fold is waited for: raw commits are large, and die young when they are few. */
const readAhead = { commitsMax: 2_000, bodyCharsMax: 4_000_000 };

/** Far more than a projector's batch: a row that changes again soon is written once, and nobody reads these tables yet. */
const storedAtOnce = { commits: 10_000, bodyChars: 24_000_000 };

/** How to write the commits that have failed together: a step more careful than before, until they are behind. */
interface Care {
  readonly mode: WriteMode;
  commits: number;
}

/** What stands in memory as rows, and in no table yet. */
interface Folded extends Pick<PendingWork, 'moved' | 'checkpoint'> {
  readonly commits: number;
  readonly bodyChars: number;
}

const nothingFolded = { commits: 0, bodyChars: 0, moved: {} };

/**
 * Folds the settled feed into a shadow. Commits are folded as they come, and their rows stored by the thousand, while the next ones are read and
 * folded. Nobody else writes there. After a failure `open` begins anew from what is stored.
 */
export class ShadowLoad<Event extends { readonly type: string }, State> {
  readonly #options: ShadowLoadOptions<Event, State>;
  #writer: BatchWriter<Event, State> | undefined;
  #ahead: RowsAhead | undefined;
  #feed: ProjectorFeed | undefined;
  #buffer = new BatchBuffer(readAhead);
  #held: PendingWork | undefined;
  #folded: Folded | undefined;
  /** The latest transaction. */
  #storing: Promise<void> | undefined;
  #stored: Progress = {};
  #transactions = 0;
  /** Of the feed, of a fold or of a transaction: nothing more is stored until it is opened anew, for what failed would be missing before it. */
  #failure: Error | undefined;
  #care: Care = { mode: 'together', commits: 0 };

  constructor(options: ShadowLoadOptions<Event, State>) {
    this.#options = options;
  }

  /** Begins, or begins anew. */
  async open(): Promise<void> {
    await this.close();
    const { shadow, definition, openFeed, parkedLog } = this.#options;
    const buffer = (this.#buffer = new BatchBuffer(readAhead));
    this.#held = undefined;
    this.#folded = undefined;
    this.#storing = undefined;
    this.#failure = undefined;
    this.#writer = await BatchWriter.open(shadow.pool, definition, { parkedLog });
    await repeatSkips(this.#writer, shadow.pool, definition.catalogue, parkedLog);
    this.#ahead = new RowsAhead(shadow.pool, { areEmpty: this.#writer.stored.checkpoint === undefined });
    this.#stored = await readProgress(shadow.pool);
    this.#feed = await openFeed(this.#writer.stored.checkpoint, {
      onBatch: (batch) => buffer.put(batch),
      onUnreadable: (record) => buffer.putUnreadable(record),
      restMs: () => 0,
      onStopped: (error) => {
        this.#failure ??= error;
        buffer.close();
      },
    });
  }

  /** Ends the feed, and waits for the transaction that is under way. */
  async close(): Promise<void> {
    this.#buffer.close();
    const feed = this.#feed;
    this.#feed = undefined;
    await feed?.close();
    await this.#storing?.catch(() => undefined); // not stored, so it is read again
  }

  /** Seqs up to which the tables are computed. */
  get stored(): Progress {
    return this.#stored;
  }

  /** How often something was stored. */
  get transactions(): number {
    return this.#transactions;
  }

  get heldCommits(): number {
    return this.#held?.commits.length ?? 0;
  }

  nextOffset(topic: string, partition: number): number | undefined {
    return this.#feed?.nextOffset?.(topic, partition);
  }

  /** Waits for what comes, at most so long, and keeps it in memory. False: nothing came. @throws what stopped the feed, or failed to be stored */
  async gather(timeoutMs: number): Promise<boolean> {
    this.#throwFailure();
    if (!this.#buffer.holdsCommits) await this.#buffer.arrival(timeoutMs);
    const work = this.#buffer.take();
    if (work !== undefined) this.#held = joined(this.#held, work);
    return work !== undefined;
  }

  /** Folds what was gathered, and stores it when it is much. `evenLittle`: everything is stored. */
  async store({ evenLittle }: { readonly evenLittle: boolean }): Promise<void> {
    this.#throwFailure();
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await this.#fold(held);
    const { commits, bodyChars } = this.#folded ?? nothingFolded;
    if (evenLittle || commits >= storedAtOnce.commits || bodyChars >= storedAtOnce.bodyChars) await this.#beginToStore();
    if (evenLittle) await this.#storing;
  }

  /**
   * Brings the tables to exactly this progress, from which somebody else goes on with that checkpoint. False: they cannot be. Afterwards
   * it must be opened anew: what was read beyond it is read again from there.
   */
  async storeUpTo(target: Progress, checkpoint: Parameters<typeof cappedWork>[3]): Promise<boolean> {
    assert(this.#folded === undefined, 'everything that was folded is stored');
    const work = cappedWork(this.#held, this.#stored, target, checkpoint);
    if (work === undefined) return false;
    this.#held = work;
    await this.store({ evenLittle: true });
    return true;
  }

  /** Repeats a decision of people. */
  async skipParked(id: string): Promise<void> {
    const { definition } = this.#options;
    await decideParked(this.#writer!, definition.catalogue, id, 'skip', standsInTheLog);
    this.#ahead!.passedBy();
  }

  async #fold(work: PendingWork): Promise<void> {
    if (this.#care.commits > 0) return this.#writeWithCare(work);
    const { commits, bodyChars, moved } = this.#folded ?? nothingFolded;
    try {
      await this.#writer!.fold(work, this.#ahead!);
    } catch (error) {
      this.#hasFailed(error, commits + work.commits.length);
      throw error;
    }
    this.#folded = {
      commits: commits + work.commits.length,
      bodyChars: work.commits.reduce((sum, { commit }) => sum + commit.body.length, bodyChars),
      moved: { ...moved, ...work.moved },
      checkpoint: work.checkpoint,
    };
  }

  /** One transaction at a time: waits for the one before. */
  async #beginToStore(): Promise<void> {
    await this.#storing;
    const folded = this.#folded;
    if (folded === undefined) return;
    this.#folded = undefined;
    this.#storing = this.#writer!.store(folded, this.#ahead!.take()).then(() => this.#isStored(folded.moved));
    this.#storing.catch((error: unknown) => this.#hasFailed(error, folded.commits));
  }

  async #writeWithCare(work: PendingWork): Promise<void> {
    this.#ahead!.passedBy();
    try {
      await this.#writer!.write(work, this.#care.mode);
    } catch (error) {
      if (isPoison(error)) this.#care = { mode: 'careful', commits: Math.max(1, work.commits.length) };
      throw error;
    }
    this.#care.commits = Math.max(0, this.#care.commits - work.commits.length);
    this.#isStored(work.moved);
  }

  /** `commits` were folded together and are not stored. */
  #hasFailed(error: unknown, commits: number): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    if (isPoison(error)) this.#care = { mode: 'together', commits: Math.max(1, commits) };
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #isStored(moved: PendingWork['moved']): void {
    this.#transactions += 1;
    this.#stored = { ...this.#stored, ...(moved as Record<ShardId, number>) };
  }
}
