import { CheckpointFencedError, type CheckpointStore, type OpenCheckpoint, type ReceiptCheckpoint } from '../receipts/checkpoint.store.ts';

/** Fences like the one in PostgreSQL, and keeps text, so that only plain JSON survives. */
export class MemoryCheckpoints implements CheckpointStore {
  stored: string | undefined;
  #leadership = 0;

  async open(): Promise<OpenCheckpoint> {
    const mine = ++this.#leadership;
    return {
      found: this.stored === undefined ? undefined : (JSON.parse(this.stored) as ReceiptCheckpoint),
      save: async (checkpoint) => {
        if (mine !== this.#leadership) throw new CheckpointFencedError('somebody opened it since');
        this.stored = JSON.stringify(checkpoint);
      },
    };
  }
}
