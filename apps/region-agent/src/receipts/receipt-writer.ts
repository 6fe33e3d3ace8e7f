import type { Logger } from 'pino';
import type { Region } from '#contracts';
import { encodeReceipts, type Appender, type LogCluster, type NewRecord, type Receipt } from '#shard-log';
import { metricNames, metrics } from '#telemetry';
import { pause } from '../repeat.ts';
import { Wake } from '../wake.ts';
import type { ReceiptLedger } from './receipt-ledger.ts';

/** A receipt is some 120 bytes: far below the largest record that Kafka takes. */
const receiptsPerRecordMax = 4_000;
const retryAfterMs = 250;
/** Every so many beats all receipts are said again, for readers whose mirror came late; those between are empty unless something moved. */
const beatsPerRepeat = 6;

/**
 * From the beginning of an append to that of the next. Under load something moves all the time, and a record every few milliseconds wakes
 * each reader of both regions for a handful of receipts. What moves after a quiet time is said at once; a cut never waits.
 */
const appendGapMs = 10;

interface CutDue {
  readonly term: number;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Writes what the ledger may say: one append in flight, and all that moved meanwhile in the next. A receipt that may not have been
 * written is written again from where the ledger then stands: repeats are harmless.
 *
 * It is never silent for longer than a beat: the other regions take that for the death of this one.
 */
export class ReceiptWriter {
  readonly #here: Region;
  readonly #cluster: LogCluster;
  readonly #ledger: ReceiptLedger;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #onWritten: () => void;
  readonly #stopping = new AbortController();
  readonly #cutWakes = new Wake();
  #appender: Appender | undefined;
  #sending: Promise<void> | undefined;
  #busy = false;
  #repeatDue = false;
  #beatDue = false;
  #cutDue: CutDue | undefined;
  #beats = 0;
  #appendsSinceBeat = 0;
  #problem: string | undefined;
  #written = 0;

  constructor(options: {
    here: Region;
    cluster: LogCluster;
    ledger: ReceiptLedger;
    log: Logger;
    nowMs: () => number;
    onWritten: () => void;
  }) {
    this.#here = options.here;
    this.#cluster = options.cluster;
    this.#ledger = options.ledger;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
    this.#onWritten = options.onWritten;
  }

  /** Something may have moved. */
  kick(): void {
    if (!this.#busy && !this.#stopping.signal.aborted) this.#sending = this.#send();
  }

  /** Says everything again: for shards that are quiet, and for readers whose mirror came late. */
  repeatAll(): void {
    this.#repeatDue = true;
    this.kick();
  }

  /** A beat has passed: something is said, if only that nothing has moved. */
  beat(): void {
    this.#beats += 1;
    if (this.#beats % beatsPerRepeat === 0) this.#repeatDue = true;
    else if (this.#appendsSinceBeat === 0) this.#beatDue = true;
    this.#appendsSinceBeat = 0;
    this.kick();
  }

  /**
   * Last receipts for all that the ledger may say, then the cut, in one append. Not repeated: who asked looks at the log and asks again.
   * @throws DoubtfulAppendError, RefusedAppendError
   */
  cut(term: number): Promise<void> {
    this.#cutDue?.done.reject(new Error(`a cut for term ${term} is asked for instead`));
    const done = Promise.withResolvers<void>();
    if (this.#stopping.signal.aborted) done.reject(new Error('the writer of receipts is stopping'));
    else this.#cutDue = { term, done };
    this.#cutWakes.wake();
    this.kick();
    return done.promise;
  }

  status(): { readonly problem: string | undefined; readonly written: number } {
    return { problem: this.#problem, written: this.#written };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#sending;
    this.#cutDue?.done.reject(new Error('the writer of receipts has stopped'));
    await this.#appender?.close();
  }

  async #send(): Promise<void> {
    this.#busy = true;
    while (!this.#stopping.signal.aborted) {
      const cut = this.#cutDue;
      const receipts = this.#repeatDue || cut !== undefined ? this.#ledger.all() : this.#ledger.moved();
      if (receipts.length === 0 && !this.#beatDue && cut === undefined) break;
      [this.#repeatDue, this.#beatDue, this.#cutDue] = [false, false, undefined];
      const nextAtMs = this.#nowMs() + appendGapMs;
      try {
        await this.#append(receipts, cut?.term);
        cut?.done.resolve();
        await this.#untilOrCut(nextAtMs);
      } catch (error) {
        this.#ledger.notWritten(receipts);
        this.#problem = (error as Error).message;
        this.#log.warn({ err: error }, 'receipts may not have been written');
        cut?.done.reject(error);
        await this.#dropAppender();
        await pause(retryAfterMs, this.#stopping.signal);
      }
    }
    this.#repeatDue = false;
    this.#busy = false; // in the same turn in which nothing was due: what moves from now on kicks again
  }

  async #untilOrCut(untilMs: number): Promise<void> {
    const leftMs = untilMs - this.#nowMs();
    if (leftMs > 0 && this.#cutDue === undefined) await this.#cutWakes.wait(leftMs, this.#stopping.signal);
  }

  async #append(receipts: readonly Receipt[], cutTerm: number | undefined): Promise<void> {
    this.#appender ??= await this.#cluster.appender('receipts');
    const records: NewRecord[] = [];
    for (let start = 0; start === 0 || start < receipts.length; start += receiptsPerRecordMax)
      records.push(encodeReceipts({ kind: 'receipts', by: this.#here, receipts: receipts.slice(start, start + receiptsPerRecordMax) }));
    if (cutTerm !== undefined) records.push(encodeReceipts({ kind: 'cut', by: this.#here, term: cutTerm }));
    await this.#appender.append('receipts', 0, records);
    this.#problem = undefined;
    this.#appendsSinceBeat += 1;
    this.#written += receipts.length;
    metrics.counter(metricNames.receiptsWritten).add({}, receipts.length);
    this.#onWritten();
  }

  async #dropAppender(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close().catch((error: Error) => this.#log.warn({ err: error }, 'a broken connection did not close'));
  }
}
