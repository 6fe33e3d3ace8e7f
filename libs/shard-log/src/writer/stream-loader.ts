import type { LoadedStreams } from '../snapshots.port.ts';
import type { Condition } from './condition.ts';
import type { StreamCache } from './stream-cache.ts';

const retryDelayMaxMs = 2_000;

export interface StreamLoaderPorts {
  readonly cache: Pick<StreamCache<unknown, unknown>, 'missing' | 'fill'>;
  load(streamIds: readonly string[]): Promise<LoadedStreams>;
  report(level: 'warn', message: string, details: Readonly<Record<string, unknown>>): void;
}

/**
 * Brings the streams of a batch into memory. When they cannot be had now (PostgreSQL is away, the projector is behind) that is no doubt
 * about the log: the writer keeps its fence, and tries again after a pause that grows.
 */
export class StreamLoader {
  readonly #ports: StreamLoaderPorts;
  readonly #retryDelayMs: number;
  /** In a row. */
  #failed = 0;

  constructor(ports: StreamLoaderPorts, retryDelayMs: number) {
    this.#ports = ports;
    this.#retryDelayMs = retryDelayMs;
  }

  /** True when all are in memory; false after a pause, or as soon as they are not wanted any more. */
  async bring(streamIds: ReadonlySet<string>, changed: Condition, isWanted: () => boolean): Promise<boolean> {
    const missing = this.#ports.cache.missing([...streamIds]);
    if (missing.length === 0) return true;
    if (await this.#load(missing)) {
      this.#failed = 0;
      return true;
    }
    this.#failed += 1;
    const delayMs = Math.min(retryDelayMaxMs, this.#retryDelayMs * 2 ** Math.min(this.#failed - 1, 10));
    await changed.until(() => !isWanted(), delayMs);
    return false;
  }

  async #load(missing: readonly string[]): Promise<boolean> {
    const { cache, report } = this.#ports;
    let loaded: LoadedStreams;
    try {
      loaded = await this.#ports.load(missing);
    } catch (error) {
      report('warn', 'stored states cannot be loaded: waiting', { error: String(error) });
      return false;
    }
    if (cache.fill(missing, loaded)) return true;
    report('warn', 'the stored state stands behind what was dropped from memory: waiting', { persistedSeq: loaded.persistedSeq });
    return false;
  }
}
