/** How far a rebuild is, counted in records of all the logs that it reads. */
export interface RebuildProgress {
  readonly phase: 'loading' | 'indexing' | 'comparing' | 'swapping';
  readonly recordsRead: number;
  /** What stands in the logs now: it grows while they do. */
  readonly recordsTotal: number;
  readonly recordsPerSecond: number;
  /** At that rate; undefined while there is none. */
  readonly secondsLeft: number | undefined;
}

interface Look {
  readonly read: number;
  readonly atMs: number;
}

/** Long enough to even out batches, short enough to tell what a machine that got busy does now. */
const windowMs = 10_000;

/** Rate over the last ten seconds, and the time left at that rate. Pure: the time is given to it. */
export class RebuildRate {
  #looks: Look[] = [];
  #total = 0;

  note(read: number, total: number, atMs: number): void {
    this.#total = Math.max(total, read);
    this.#looks.push({ read, atMs });
    while (this.#looks.length > 2 && this.#looks[1]!.atMs <= atMs - windowMs) this.#looks.shift();
  }

  at(phase: RebuildProgress['phase']): RebuildProgress {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    const recordsRead = last?.read ?? 0;
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
    const recordsPerSecond = seconds === 0 ? 0 : Math.max(0, recordsRead - first!.read) / seconds;
    const left = this.#total - recordsRead;
    const secondsLeft = left === 0 ? 0 : recordsPerSecond === 0 ? undefined : left / recordsPerSecond;
    return { phase, recordsRead, recordsTotal: this.#total, recordsPerSecond, secondsLeft };
  }
}
