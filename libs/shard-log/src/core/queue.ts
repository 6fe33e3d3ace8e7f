import type { Position, ShardRecord } from './records.ts';

export interface PositionedRecord {
  readonly position: Position;
  readonly record: ShardRecord;
}

/** First in, first out, without moving what stays: commits that wait for receipts, records that wait for earlier segments. */
export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    // Amortised: each item is moved at most once per doubling of the waste.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Replaces every item that waits. */
  replaceEach(replace: (item: T) => T): void {
    this.#items = this.#items.slice(this.#head).map(replace);
    this.#head = 0;
  }
}
