import type { Logger } from 'pino';
import type { Region } from '#contracts';
import { encodeReceipts, type Appender, type LogCluster, type Receipt } from '#shard-log';
import { metricNames, metrics } from '#telemetry';
import { pause } from '../repeat.ts';
import type { ReceiptLedger } from './receipt-ledger.ts';

/** A receipt is some 120 bytes: far below the largest record that Kafka takes. */
const receiptsPerRecordMax = 4_000;
const retryAfterMs = 250;

/**
 * Writes what the ledger may say: one append in flight, and all that moved meanwhile in the next. A receipt that may not have been
 * written is written again from where the ledger then stands: repeats are harmless.
 */
export class ReceiptWriter {
  readonly #here: Region;
  readonly #cluster: LogCluster;
  readonly #ledger: ReceiptLedger;
  readonly #log: Logger;
  readonly #onWritten: () => void;
  readonly #stopping = new AbortController();
  #appender: Appender | undefined;
  #sending: Promise<void> | undefined;
  #busy = false;
  #repeatDue = false;
  #problem: string | undefined;
  #written = 0;

  constructor(options: { here: Region; cluster: LogCluster; ledger: ReceiptLedger; log: Logger; onWritten: () => void }) {
    this.#here = options.here;
    this.#cluster = options.cluster;
    this.#ledger = options.ledger;
    this.#log = options.log;
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

  status(): { readonly problem: string | undefined; readonly written: number } {
    return { problem: this.#problem, written: this.#written };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#sending;
    await this.#appender?.close();
  }

  async #send(): Promise<void> {
    this.#busy = true;
    while (!this.#stopping.signal.aborted) {
      const receipts = this.#repeatDue ? this.#ledger.all() : this.#ledger.moved();
      this.#repeatDue = false;
      if (receipts.length === 0) break;
      try {
        await this.#append(receipts);
      } catch (error) {
        this.#ledger.notWritten(receipts);
        this.#problem = (error as Error).message;
        this.#log.warn({ err: error }, 'receipts may not have been written');
        await this.#dropAppender();
        await pause(retryAfterMs, this.#stopping.signal);
      }
    }
    this.#busy = false; // in the same turn in which nothing was due: what moves from now on kicks again
  }

  async #append(receipts: readonly Receipt[]): Promise<void> {
    this.#appender ??= await this.#cluster.appender('receipts');
    for (let start = 0; start < receipts.length; start += receiptsPerRecordMax) {
      const part = receipts.slice(start, start + receiptsPerRecordMax);
      await this.#appender.append('receipts', 0, [encodeReceipts({ kind: 'receipts', by: this.#here, receipts: part })]);
    }
    this.#problem = undefined;
    this.#written += receipts.length;
    metrics.counter(metricNames.receiptsWritten).add({}, receipts.length);
    this.#ledger.written(receipts);
    this.#onWritten();
  }

  async #dropAppender(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close().catch((error: Error) => this.#log.warn({ err: error }, 'a broken connection did not close'));
  }
}
