import type { ShardId } from '#contracts';
import { BatchWriter, type WriteMode } from '../batch-writer.ts';
import { BatchBuffer, type PendingWork } from '../core/batch-buffer.ts';
import { isPoison } from '../core/fold-error.ts';
import { decideParked } from '../decide-parked.ts';
import { readProgress } from '../postgres/checkpoint-table.ts';
import type { ProjectionDatabase } from '../postgres/database.ts';
import type { OpenFeed, ProjectorDefinition, ProjectorFeed } from '../projection.port.ts';
import { cappedWork, joined, type Progress } from './capped-work.ts';

export interface ShadowLoadOptions<Event extends { readonly type: string }, State> {
  readonly shadow: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly openFeed: OpenFeed;
}

/** Far larger than a projector's: a row that changes again soon is written once, and nobody reads these tables yet. */
const limits = { commitsMax: 20_000, bodyCharsMax: 24_000_000 };

/** What is worth a transaction while more comes at once. */
const worthWriting = 10_000;

/** How to write the commits that have failed together: a step more careful than before, until they are behind. */
interface Care {
  readonly mode: WriteMode;
  commits: number;
}

/**
 * Folds the settled feed into a shadow: reads ahead while a batch is written, within the bounds of one batch more. Nobody else writes there.
 * After a failure `open` begins anew from what is stored.
 */
export class ShadowLoad<Event extends { readonly type: string }, State> {
  readonly #options: ShadowLoadOptions<Event, State>;
  #writer: BatchWriter<Event, State> | undefined;
  #feed: ProjectorFeed | undefined;
  #buffer = new BatchBuffer(limits);
  #held: PendingWork | undefined;
  #stored: Progress = {};
  #stopped: Error | undefined;
  #care: Care = { mode: 'copying', commits: 0 };

  constructor(options: ShadowLoadOptions<Event, State>) {
    this.#options = options;
  }

  /** Begins, or begins anew. */
  async open(): Promise<void> {
    await this.close();
    const { shadow, definition, openFeed } = this.#options;
    const buffer = (this.#buffer = new BatchBuffer(limits));
    this.#held = undefined;
    this.#stopped = undefined;
    this.#writer = await BatchWriter.open(shadow.pool, definition);
    this.#stored = await readProgress(shadow.pool);
    this.#feed = await openFeed(this.#writer.stored.checkpoint, {
      onBatch: (batch) => buffer.put(batch),
      onUnreadable: (record) => buffer.putUnreadable(record),
      restMs: () => 0,
      onStopped: (error) => {
        this.#stopped = error;
        buffer.close();
      },
    });
  }

  async close(): Promise<void> {
    this.#buffer.close();
    const feed = this.#feed;
    this.#feed = undefined;
    await feed?.close();
  }

  /** Seqs up to which the tables are computed. */
  get stored(): Progress {
    return this.#stored;
  }

  get heldCommits(): number {
    return this.#held?.commits.length ?? 0;
  }

  nextOffset(topic: string, partition: number): number | undefined {
    return this.#feed?.nextOffset?.(topic, partition);
  }

  /** Waits for what comes, at most so long, and keeps it in memory. False: nothing came. @throws what stopped the feed */
  async gather(timeoutMs: number): Promise<boolean> {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (!this.#buffer.holdsCommits) await this.#buffer.arrival(timeoutMs);
    const work = this.#buffer.take();
    if (work !== undefined) this.#held = joined(this.#held, work);
    return work !== undefined;
  }

  /** Stores what was gathered, when it is much or nothing more has come. */
  async store({ evenLittle }: { readonly evenLittle: boolean }): Promise<void> {
    const held = this.#held;
    if (held === undefined || (!evenLittle && !held.isFull && held.commits.length < worthWriting)) return;
    await this.#write(held);
    this.#held = undefined;
  }

  /**
   * Brings the tables to exactly this progress, from which somebody else goes on with that checkpoint. False: they cannot be. Afterwards
   * it must be opened anew: what was read beyond it is read again from there.
   */
  async storeUpTo(target: Progress, checkpoint: Parameters<typeof cappedWork>[3]): Promise<boolean> {
    const work = cappedWork(this.#held, this.#stored, target, checkpoint);
    if (work === undefined) return false;
    await this.#write(work);
    return true;
  }

  /** Repeats a decision of people. */
  async skipParked(id: string): Promise<void> {
    const { definition } = this.#options;
    await decideParked(this.#writer!, definition.catalogue, id, 'skip');
  }

  async #write(work: PendingWork): Promise<void> {
    const mode = this.#care.commits > 0 ? this.#care.mode : 'copying';
    try {
      await this.#writer!.write(work, mode);
      this.#care.commits = Math.max(0, this.#care.commits - work.commits.length);
    } catch (error) {
      if (isPoison(error)) this.#care = { mode: mode === 'copying' ? 'together' : 'careful', commits: Math.max(1, work.commits.length) };
      throw error;
    }
    this.#stored = { ...this.#stored, ...(work.moved as Record<ShardId, number>) };
  }
}
