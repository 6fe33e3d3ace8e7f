import type { RebuildAnswer } from '#contracts';
import { metricNames, metrics } from '#telemetry';
import type { ProjectorLog } from '../projection.port.ts';
import type { RebuildProgress } from '../rebuild/rebuild-rate.ts';
import type { RebuildResult } from '../rebuild.ts';

export interface RebuildJobOptions {
  /** Name of the projector, and of the projections that are rebuilt with it. */
  readonly projector: string;
  readonly projections: readonly string[];
  readonly log: ProjectorLog;
  rebuild(signal: AbortSignal, onProgress: (progress: RebuildProgress) => void): Promise<RebuildResult>;
}

type Outcome = Pick<RebuildAnswer, 'state' | 'differing' | 'error'>;

/** One rebuild at a time, whoever wants it: an operator over HTTP, who comes back for the outcome, or the projector that has no tables. */
export class RebuildJob {
  readonly #options: RebuildJobOptions;
  readonly #stopping = new AbortController();
  #running: Promise<RebuildResult> | undefined;
  #progress: RebuildProgress | undefined;
  #outcome: Outcome = { state: 'none', differing: null, error: null };

  constructor(options: RebuildJobOptions) {
    this.#options = options;
    const labels = { projector: options.projector };
    metrics.gauge(metricNames.rebuildRunning).observe(() => [{ labels, value: this.#running === undefined ? 0 : 1 }]);
    metrics.gauge(metricNames.rebuildProgress).observe(() => (this.#running === undefined ? [] : [{ labels, value: this.#ratio() }]));
  }

  /** What became of the latest one, and how far a running one is. */
  status(): RebuildAnswer {
    const { projector, projections } = this.#options;
    const { phase = null, recordsRead = 0, recordsTotal = 0, recordsPerSecond = 0, secondsLeft = null } = this.#progress ?? {};
    return {
      projector,
      projections: [...projections],
      ...this.#outcome,
      phase: this.#running === undefined ? null : phase,
      recordsRead,
      recordsTotal,
      recordsPerSecond: Math.round(recordsPerSecond),
      secondsLeft: secondsLeft === null ? null : Math.ceil(secondsLeft),
    };
  }

  /** Starts one, unless one is running. */
  start(): RebuildAnswer {
    this.run().catch(() => undefined); // `status` tells
    return this.status();
  }

  /** The same, for who needs its end: joins one that is running. @throws what made it fail; live tables are then as they were */
  run(): Promise<RebuildResult> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Ends a running one. What it loaded is kept for the next. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the process stops'));
    await this.#running?.catch(() => undefined); // `run` tells
  }

  async #run(): Promise<RebuildResult> {
    const { projector, log, rebuild } = this.#options;
    this.#progress = undefined;
    this.#outcome = { state: 'running', differing: null, error: null };
    try {
      const result = await rebuild(this.#stopping.signal, (progress) => (this.#progress = progress));
      const differing = result.differing === undefined ? null : [...result.differing];
      this.#outcome = { state: 'done', differing, error: null };
      log.info({ projector, ...result }, 'projections were rebuilt');
      return result;
    } catch (error) {
      this.#outcome = { state: 'failed', differing: null, error: error instanceof Error ? error.message : String(error) };
      log.warn({ projector, error: String(error) }, 'projections could not be rebuilt; the live ones are as they were');
      throw error;
    }
  }

  #ratio(): number {
    const { recordsRead = 0, recordsTotal = 0 } = this.#progress ?? {};
    return recordsTotal === 0 ? 0 : recordsRead / recordsTotal;
  }
}
