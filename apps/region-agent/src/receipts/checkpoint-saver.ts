import type { Logger } from 'pino';
import { isReceiptsKey } from '../logs/source-topic.ts';
import { repeat, type Repeating } from '../repeat.ts';
import type { CheckpointStore, OpenCheckpoint, ReceiptCheckpoint } from './checkpoint.store.ts';

export interface CheckpointSaverOptions {
  readonly checkpoints: CheckpointStore;
  /** Undefined: it could not be opened when the lead was taken. */
  readonly opened: OpenCheckpoint | undefined;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly isLeadConfirmed: () => boolean;
  readonly checkpoint: () => ReceiptCheckpoint | undefined;
}

/** A restart reads the beats of so long again: some hundred records that change nothing. */
const beatsUnsavedMsMax = 30_000;

/**
 * Saves from time to time where the agent is, if that is elsewhere. Opens the store again only while etcd says that this instance leads: two that do would fence
 * each other for ever.
 */
export class CheckpointSaver {
  readonly #options: CheckpointSaverOptions;
  #opened: OpenCheckpoint | undefined;
  #saving: Repeating | undefined;
  #problem: string | undefined;
  /** What stands in the store by this instance's doing. Undefined: it is not known. */
  #saved: { readonly moved: string; readonly atMs: number } | undefined;

  constructor(options: CheckpointSaverOptions) {
    this.#options = options;
    this.#opened = options.opened;
  }

  start(everyMs: number): void {
    this.#saving = repeat(
      everyMs,
      () => this.#save(),
      (error) => this.#options.log.warn({ err: error }, 'the checkpoint was not saved'),
    );
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  async close(): Promise<void> {
    await this.#saving?.stop();
  }

  async #save(): Promise<void> {
    const { checkpoints, checkpoint, isLeadConfirmed, nowMs } = this.#options;
    try {
      if (this.#opened === undefined && !isLeadConfirmed()) return;
      this.#opened ??= await checkpoints.open();
      const now = checkpoint();
      if (now === undefined) return;
      const moved = movedPartOf(now);
      if (moved !== this.#saved?.moved || nowMs() - this.#saved.atMs >= beatsUnsavedMsMax) {
        await this.#opened.save(now);
        this.#saved = { moved, atMs: nowMs() };
      }
      this.#problem = undefined;
    } catch (error) {
      [this.#opened, this.#saved] = [undefined, undefined];
      this.#problem = (error as Error).message;
      throw error;
    }
  }
}

/** All but how far the `receipts` logs are read: each beat moves that, twice a second and for ever. What a receipt has changed stands in the rest. */
const movedPartOf = ({ offsets, ...rest }: ReceiptCheckpoint): string =>
  JSON.stringify([rest, Object.entries(offsets).filter(([key]) => !isReceiptsKey(key))]);
