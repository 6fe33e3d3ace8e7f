import type { LogCluster } from '#shard-log';
import { repeat, type Repeating } from '../repeat.ts';

export interface KafkaHealthOptions {
  readonly cluster: LogCluster;
  readonly everyMs: number;
  readonly nowMs: () => number;
  /** It was silent for so long, and answers again. */
  readonly onBack: (silentMs: number) => void;
}

/** Shorter silences are answers that took a little longer. */
const noticedMs = 1_000;

/**
 * Whether the region's own Kafka answers: one small question from time to time. A region whose agents cannot reach it can
 * neither receipt nor be receipted, so they give their leases back.
 */
export class KafkaHealth {
  readonly #options: KafkaHealthOptions;
  #answeredMs: number;
  #hasAnswered = false;
  #problem: string | undefined = 'it was not asked yet';
  #asking: Repeating | undefined;

  constructor(options: KafkaHealthOptions) {
    this.#options = options;
    this.#answeredMs = options.nowMs();
  }

  start(): void {
    const { everyMs, cluster, nowMs } = this.#options;
    this.#asking = repeat(
      everyMs,
      async () => {
        const askedMs = nowMs();
        await cluster.topicId('receipts'); // that there is none yet is an answer too
        this.#answered(askedMs);
      },
      (error) => (this.#problem = error.message),
    );
  }

  /** Since it was last asked and answered; since this process started, before it first did. */
  silentForMs(): number {
    return Math.max(0, this.#options.nowMs() - this.#answeredMs - this.#options.everyMs); // between two questions nobody expects an answer
  }

  /** False until it has answered once. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  async close(): Promise<void> {
    await this.#asking?.stop();
  }

  #answered(askedMs: number): void {
    const silentMs = this.silentForMs();
    [this.#answeredMs, this.#hasAnswered, this.#problem] = [askedMs, true, undefined];
    if (silentMs >= noticedMs) this.#options.onBack(silentMs);
  }
}
