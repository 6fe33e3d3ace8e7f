import { assert } from '#kernel';

/**
 * A map that holds at most `limit` entries, and surely the half of that many that were used last: when the newer half is full, the older one
 * is dropped whole. Keeping the exact order would cost a deletion and an insertion for each look.
 */
export class LeastRecentlyUsed<Value> {
  #newer = new Map<string, Value>();
  #older = new Map<string, Value>();
  readonly #half: number;

  constructor(limit: number) {
    assert(limit >= 2, 'a cache has two halves');
    this.#half = Math.floor(limit / 2);
  }

  get(key: string): Value | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: Value): void {
    this.#newer.set(key, value);
    if (this.#newer.size < this.#half) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
