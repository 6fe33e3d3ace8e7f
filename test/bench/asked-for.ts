import type { Measurement } from './bench-options.ts';

/**
 * Carries out the measurements that were asked for. One that fails is noted, and keeps the bench from ending as clean; what was measured before
 * it, and what comes after it, is not lost by that.
 */
export class AskedFor {
  readonly failures: string[] = [];
  readonly #names: ReadonlySet<Measurement>;
  readonly #say: (line: string) => void;

  constructor(names: ReadonlySet<Measurement>, say: (line: string) => void) {
    this.#names = names;
    this.#say = say;
  }

  has(name: Measurement): boolean {
    return this.#names.has(name);
  }

  /** Undefined when it was not asked for, or failed. */
  async measured<T>(name: Measurement, measure: () => Promise<T>): Promise<T | undefined> {
    if (!this.has(name)) return undefined;
    try {
      return await measure();
    } catch (error) {
      this.failures.push(`${name}: could not be measured: ${error instanceof Error ? error.message : String(error)}`);
      this.#say(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return undefined;
    }
  }
}
