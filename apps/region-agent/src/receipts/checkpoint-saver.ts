import type { Logger } from 'pino';
import { repeat, type Repeating } from '../repeat.ts';
import type { CheckpointStore, OpenCheckpoint, ReceiptCheckpoint } from './checkpoint.store.ts';

export interface CheckpointSaverOptions {
  readonly checkpoints: CheckpointStore;
  /** Undefined: it could not be opened when the lead was taken. */
  readonly opened: OpenCheckpoint | undefined;
  readonly log: Logger;
  readonly isLeadConfirmed: () => boolean;
  readonly checkpoint: () => ReceiptCheckpoint | undefined;
}

/** Saves from time to time where the agent is. Opens the store again only while etcd says that this instance leads: two that do would fence each other for ever. */
export class CheckpointSaver {
  readonly #options: CheckpointSaverOptions;
  #opened: OpenCheckpoint | undefined;
  #saving: Repeating | undefined;
  #problem: string | undefined;

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
    const { checkpoints, checkpoint, isLeadConfirmed } = this.#options;
    try {
      if (this.#opened === undefined && !isLeadConfirmed()) return;
      this.#opened ??= await checkpoints.open();
      const now = checkpoint();
      if (now !== undefined) await this.#opened.save(now);
      this.#problem = undefined;
    } catch (error) {
      this.#opened = undefined;
      this.#problem = (error as Error).message;
      throw error;
    }
  }
}
