/**
 * What starts, stops: in reverse order, also when a later start failed, each stop bounded.
 *
 * A stop that fails or takes too long is reported and passed over: the others still run. It does not exit the process:
 * `runProcess` does.
 */
import type { Logger } from 'pino';

export type Stop = () => Promise<void> | void;

export interface LifecycleOptions {
  /** Longest wait for one part to stop. */
  readonly stopTimeoutMs: number;
  readonly log: Logger;
}

/** A start came after the stop had begun. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

export class Lifecycle {
  readonly #started: { readonly name: string; readonly stop: Stop }[] = [];
  readonly #options: LifecycleOptions;
  #stopping: Promise<readonly string[]> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Runs `start`; what it returns is called when the process stops. Its failure stops all that was started, and is thrown on. */
  async start(name: string, start: () => Promise<Stop> | Stop): Promise<void> {
    if (this.#stopping !== undefined) throw new StoppedError(`${name} is not started: the process is stopping`);
    let stop: Stop;
    try {
      stop = await start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#started.push({ name, stop });
    if (this.#stopping === undefined) return;
    // The stop began while this part was starting and so did not see it.
    this.#started.pop();
    await this.#stopOne(name, stop);
    throw new StoppedError(`${name} is stopped again: the process is stopping`);
  }

  /** Stops everything in reverse. Idempotent. Answers the names of the parts that failed to stop. */
  stop(): Promise<readonly string[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  async #stopAll(): Promise<readonly string[]> {
    const failed: string[] = [];
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop())
      if (!(await this.#stopOne(part.name, part.stop))) failed.push(part.name);
    return failed;
  }

  async #stopOne(name: string, stop: Stop): Promise<boolean> {
    const { stopTimeoutMs, log } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`did not stop within ${stopTimeoutMs} ms`)), stopTimeoutMs);
    });
    try {
      await Promise.race([Promise.resolve().then(stop), timeout]);
      log.debug({ part: name }, 'stopped');
      return true;
    } catch (error) {
      log.error({ part: name, err: error }, 'failed to stop');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
