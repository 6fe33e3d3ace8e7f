import type { ShardId } from '#contracts';

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** Per shard when its next command may be offered again, and how often its owner has answered neither yes nor no. Pure: time is told. */
export class OfferPauses {
  readonly #triesMax: number;
  readonly #pauses = new Map<ShardId, { readonly tries: number; readonly pauseMs: number; readonly untilMs: number }>();

  constructor(triesMax: number) {
    this.#triesMax = triesMax;
  }

  isOver(shard: ShardId, nowMs: number): boolean {
    return nowMs >= (this.#pauses.get(shard)?.untilMs ?? 0);
  }

  /** `answered`: this try counts. Answers whether there is another one. */
  failed(shard: ShardId, answered: boolean, nowMs: number): boolean {
    const before = this.#pauses.get(shard) ?? { tries: 0, pauseMs: firstPauseMs / 2, untilMs: 0 };
    const tries = before.tries + (answered ? 1 : 0);
    const pauseMs = Math.min(before.pauseMs * 2, longestPauseMs);
    this.#pauses.set(shard, { tries, pauseMs, untilMs: nowMs + pauseMs });
    return tries < this.#triesMax;
  }

  /** The command was decided, or given up: the next one begins anew. */
  over(shard: ShardId): void {
    this.#pauses.delete(shard);
  }
}
