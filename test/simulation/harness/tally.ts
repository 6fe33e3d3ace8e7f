import type { SimulationResult } from '../run/simulation.ts';

/** The runs of many seeds, added up. Coverage and counts are of all of them; what failed is kept whole. */
export class Tally {
  readonly failures: SimulationResult[] = [];
  readonly coverage = new Map<string, number>();
  readonly seedsByShape: Record<string, number> = {};
  #seeds = 0;
  #steps = 0;
  readonly #counts = new Map<string, number>();

  add(result: SimulationResult): void {
    this.#seeds += 1;
    this.#steps += result.steps;
    this.seedsByShape[result.shape] = (this.seedsByShape[result.shape] ?? 0) + 1;
    for (const [pair, times] of result.coverage) this.coverage.set(pair, (this.coverage.get(pair) ?? 0) + times);
    for (const [name, count] of Object.entries(result.counts)) {
      const before = this.#counts.get(name) ?? 0;
      this.#counts.set(name, name.endsWith('Max') ? Math.max(before, count) : before + count);
    }
    if (result.violations.length > 0) this.failures.push(result);
  }

  get seeds(): number {
    return this.#seeds;
  }

  /** Of all safety phases together. */
  get steps(): number {
    return this.#steps;
  }

  /** Summed; of those whose names end in `Max`, the largest. In the order of their names. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
