import type { RebuildAnswer } from '#contracts';
import type { ProjectorLog } from '../projection.port.ts';
import type { RebuildResult } from '../rebuild.ts';

/** One rebuild at a time, asked for over HTTP: it takes minutes, so its asker comes back for the outcome. */
export class RebuildJob {
  readonly #rebuild: () => Promise<RebuildResult>;
  readonly #log: ProjectorLog;
  #answer: RebuildAnswer = { state: 'none', differing: null, error: null };

  constructor(rebuild: () => Promise<RebuildResult>, log: ProjectorLog) {
    this.#rebuild = rebuild;
    this.#log = log;
  }

  /** What became of the latest one. */
  status(): RebuildAnswer {
    return this.#answer;
  }

  /** Starts one, unless one is running. */
  start(): RebuildAnswer {
    if (this.#answer.state === 'running') return this.#answer;
    this.#answer = { state: 'running', differing: null, error: null };
    void this.#run(); // never rejects; the process does not wait for it: cut short, the live tables are as they were
    return this.#answer;
  }

  async #run(): Promise<void> {
    try {
      const { differing } = await this.#rebuild();
      this.#answer = { state: 'done', differing: differing === undefined ? null : [...differing], error: null };
      this.#log.info({ differing }, 'projections were rebuilt');
    } catch (error) {
      this.#answer = { state: 'failed', differing: null, error: String(error) };
      this.#log.warn({ error: String(error) }, 'projections could not be rebuilt; the live ones are as they were');
    }
  }
}
