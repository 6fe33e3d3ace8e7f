import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { DirectionFaults } from './link-faults.ts';

/**
 * The bytes of one connection in one direction.
 *
 * Guarantees: order is kept, also when the delay changes; nothing is lost or doubled (a silent cut holds the bytes back and a heal
 * lets them go on, as TCP does by sending again); at most `bufferMaxBytes` wait here, then the sender meets back-pressure; the end
 * of the stream, orderly or not, travels like a byte. Without a fault a chunk is written at once, with no copy and no timer.
 */
type Item =
  { readonly dueMs: number; readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly dueMs: number; readonly kind: 'end' | 'abort' };

export class LinkFlow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #faults: () => DirectionFaults;
  readonly #bufferMaxBytes: number;
  readonly #onBytes: (count: number) => void;
  #queue: Item[] = [];
  #queuedBytes = 0;
  #newestDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    source: Socket,
    sink: Socket,
    options: { faults: () => DirectionFaults; bufferMaxBytes: number; onBytes: (count: number) => void },
  ) {
    this.#source = source;
    this.#sink = sink;
    this.#faults = options.faults;
    this.#bufferMaxBytes = options.bufferMaxBytes;
    this.#onBytes = options.onBytes;
    sink.on('drain', () => this.#pump());
    source.on('data', (bytes: Buffer) => this.take(bytes));
    source.on('end', () => this.#enqueue('end'));
    source.on('close', (hadError) => this.#enqueue(hadError ? 'abort' : 'end'));
  }

  take(bytes: Buffer): void {
    this.#onBytes(bytes.length);
    const { delayMs, cut } = this.#faults();
    if (delayMs === 0 && cut === 'none' && this.#queue.length === 0) {
      if (this.#sink.writable && !this.#sink.write(bytes)) this.#source.pause(); // `drain` resumes
      return;
    }
    this.#push({ dueMs: this.#dueMs(delayMs), kind: 'bytes', bytes });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= this.#bufferMaxBytes || cut !== 'none') this.#source.pause();
    this.#pump();
  }

  /** To be called when the faults have changed. */
  faultsChanged(): void {
    if (this.#faults().cut !== 'none') this.#source.pause(); // the kernel's buffer fills up: the sender meets what a dead network shows
    this.#pump();
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #enqueue(kind: 'end' | 'abort'): void {
    if (this.#over) return;
    this.#push({ dueMs: this.#dueMs(this.#faults().delayMs), kind });
    this.#pump();
  }

  #push(item: Item): void {
    this.#queue.push(item);
  }

  #dueMs(delayMs: number): number {
    this.#newestDueMs = Math.max(this.#newestDueMs, performance.now() + delayMs);
    return this.#newestDueMs;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#over || this.#faults().cut !== 'none') return;
    let delivered = 0;
    let item = this.#queue[0];
    while (item !== undefined && !this.#over && !this.#sink.writableNeedDrain) {
      const waitMs = item.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
        break;
      }
      this.#deliver(item);
      item = this.#queue[++delivered];
    }
    if (delivered > 0) this.#queue.splice(0, delivered);
    const roomy = this.#queuedBytes < this.#bufferMaxBytes / 2 && !this.#sink.writableNeedDrain;
    if (roomy && !this.#over && this.#source.isPaused()) this.#source.resume();
  }

  #deliver(item: Item): void {
    if (item.kind === 'bytes') {
      this.#queuedBytes -= item.bytes.length;
      if (this.#sink.writable) this.#sink.write(item.bytes);
      return;
    }
    if (item.kind === 'end') {
      if (this.#sink.writable) this.#sink.end();
      return;
    }
    this.#over = true;
    if (!this.#sink.destroyed) this.#sink.resetAndDestroy();
  }
}
