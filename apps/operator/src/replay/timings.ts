/** How long each kind of request took, retries included. */
export interface TimingSummary {
  readonly count: number;
  readonly msP50: number;
  readonly msP95: number;
  readonly msMax: number;
}

export class Timings {
  readonly #ms = new Map<string, number[]>();

  async measure<T>(what: string, run: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await run();
    const durations = this.#ms.get(what) ?? [];
    if (durations.length === 0) this.#ms.set(what, durations);
    durations.push(performance.now() - startedMs);
    return result;
  }

  summary(): Readonly<Record<string, TimingSummary>> {
    return Object.fromEntries(
      Array.from(this.#ms, ([what, durations]) => {
        const sorted = durations.toSorted((a, b) => a - b);
        const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
        return [what, { count: sorted.length, msP50: at(0.5), msP95: at(0.95), msMax: at(1) }];
      }),
    );
  }
}
