import type { Pool } from 'pg';
import { markAnnounced, readUnannounced, type ParkedRecord } from './postgres/parked-table.ts';
import type { ProjectorLog } from './projection.port.ts';

const batchMax = 100;
const retryMs = 5_000;

/**
 * Announces parked records after the transaction that parked them: at least once, in order, marked when the topic has them. A
 * failed announcement is tried again; it holds nothing else up.
 */
export class ParkedOutbox {
  readonly #pool: Pool;
  readonly #announce: (records: readonly ParkedRecord[]) => Promise<void>;
  readonly #log: ProjectorLog;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(pool: Pool, announce: (records: readonly ParkedRecord[]) => Promise<void>, log: ProjectorLog) {
    this.#pool = pool;
    this.#announce = announce;
    this.#log = log;
  }

  /** There may be something to announce. */
  wake(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        const records = await readUnannounced(this.#pool, batchMax);
        if (records.length === 0) return;
        await this.#announce(records);
        await markAnnounced(
          this.#pool,
          records.map(({ id }) => id),
        );
        this.#again = true;
      }
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'parked records could not be announced yet');
      clearTimeout(this.#timer);
      if (!this.#closed) this.#timer = setTimeout(() => this.wake(), retryMs);
    }
  }
}
