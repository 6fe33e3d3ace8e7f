import { setTimeout as delay } from 'node:timers/promises';
import { shardOf, type Service, type ShardId, type ShardSeqs } from '#contracts';
import { prepared } from '../postgres/prepared.ts';
import type { Tx } from '../projection.port.ts';

export interface ProgressWatchOptions {
  readonly pool: Tx;
  /** Shards of other services are none of this projection's business: a token's entries for them are ignored. */
  readonly service: Service;
  readonly timeoutMs: number;
  readonly pollMs: number;
  /** More reads than this do not wait at once: they are answered "not yet" without waiting. */
  readonly waitingMax: number;
}

interface Waiting {
  readonly seqs: readonly (readonly [ShardId, number])[];
  readonly deadlineMs: number;
  readonly answer: (reached: boolean) => void;
  readonly fail: (error: unknown) => void;
}

const progress = prepared('select shard, seq from shard_progress where shard = any($1::text[])');

/** Lets reads wait until this region's projection shows what their token names. One poll serves all that wait. */
export class ProgressWatch {
  readonly #options: ProgressWatchOptions;
  readonly #waiting = new Set<Waiting>();
  #polling = false;

  constructor(options: Pick<ProgressWatchOptions, 'pool' | 'service'> & Partial<ProgressWatchOptions>) {
    this.#options = { timeoutMs: 3_000, pollMs: 15, waitingMax: 2_000, ...options };
  }

  /** False when it is not so within the bound. @throws what the database throws */
  async reached(token: ShardSeqs): Promise<boolean> {
    const { service, timeoutMs, waitingMax } = this.#options;
    const seqs = (Object.entries(token) as [ShardId, number][]).filter(([shard, seq]) => seq > 0 && shardOf(shard).service === service);
    if (seqs.length === 0) return true;
    if (this.#waiting.size >= waitingMax) return false;
    return new Promise<boolean>((answer, fail) => {
      this.#waiting.add({ seqs, deadlineMs: performance.now() + timeoutMs, answer, fail });
      if (this.#polling) return;
      this.#polling = true;
      void this.#poll(); // ends when nobody waits, and rejects nobody but its waiters
    });
  }

  async #poll(): Promise<void> {
    while (this.#waiting.size > 0) {
      try {
        this.#answer(await this.#progress());
      } catch (error) {
        for (const waiting of this.#waiting) waiting.fail(error);
        this.#waiting.clear();
      }
      if (this.#waiting.size > 0) await delay(this.#options.pollMs);
    }
    this.#polling = false;
  }

  #answer(progress: ReadonlyMap<string, number>): void {
    const nowMs = performance.now();
    for (const waiting of this.#waiting) {
      const reached = waiting.seqs.every(([shard, seq]) => (progress.get(shard) ?? 0) >= seq);
      if (!reached && nowMs < waiting.deadlineMs) continue;
      this.#waiting.delete(waiting);
      waiting.answer(reached);
    }
  }

  async #progress(): Promise<ReadonlyMap<string, number>> {
    const shards = new Set([...this.#waiting].flatMap(({ seqs }) => seqs.map(([shard]) => shard)));
    const { rows } = await this.#options.pool.query(progress, [[...shards]]);
    return new Map(rows.map((row) => [row['shard'] as string, Number(row['seq'])]));
  }
}
