import type { RuntimeStatus } from '#embedded-runtime';
import { usageByPart, type Usage } from './part-usage.ts';
import { processTable } from './process-table.ts';

export interface WatchedUsage {
  /** By part. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** By part: the largest of what was seen. */
  readonly peakMemoryBytes: Readonly<Record<string, number>>;
}

export const supervisorPart = 'runtime (links, identity)';
export const generatorPart = 'load generator';
export const benchPart = 'bench';

const everyMs = 5_000;

/** The processes to tell apart: the system's parts, its supervisor with the links, the load's generator, and the bench itself. */
export function rootsOf({ pid, parts }: Pick<RuntimeStatus, 'pid' | 'parts'>, generatorPid?: number): ReadonlyMap<number, string> {
  const running = parts.flatMap((part) => (part.pid === undefined ? [] : [[part.pid, part.name] as const]));
  const generator = generatorPid === undefined ? [] : [[generatorPid, generatorPart] as const];
  return new Map([...running, [pid, supervisorPart], [process.pid, benchPart], ...generator]);
}

/** Looks at the processes now, every five seconds, and once more when it is stopped. */
export class UsageWatch {
  readonly #roots: ReadonlyMap<number, string>;
  readonly #peaks = new Map<string, number>();
  readonly #first: ReadonlyMap<string, Usage>;
  readonly #timer: NodeJS.Timeout;

  constructor(roots: ReadonlyMap<number, string>) {
    this.#roots = roots;
    this.#first = this.#look();
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** @throws Error when a part has ended: its time would be missing */
  stop(): WatchedUsage {
    clearInterval(this.#timer);
    const last = this.#look();
    const gone = [...this.#first.keys()].filter((part) => !last.has(part));
    if (gone.length > 0) throw new Error(`ended while it was measured: ${gone.join(', ')}`);
    return {
      cpuMs: Object.fromEntries([...last].map(([part, { cpuMs }]) => [part, cpuMs - (this.#first.get(part)?.cpuMs ?? 0)])),
      peakMemoryBytes: Object.fromEntries(this.#peaks),
    };
  }

  #look(): ReadonlyMap<string, Usage> {
    const usage = usageByPart(processTable(), this.#roots);
    for (const [part, { memoryBytes }] of usage) this.#peaks.set(part, Math.max(memoryBytes, this.#peaks.get(part) ?? 0));
    return usage;
  }
}
