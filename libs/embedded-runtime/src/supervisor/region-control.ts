import type { Part } from './part.ts';
import { signalTrees, untilGone, type ProcessRow } from './processes.ts';
import type { PartPlan, Supervisor } from './supervisor.ts';

const downTimeoutMs = 20_000;

export interface RegionControlOptions {
  readonly supervisor: Pick<Supervisor, 'plan' | 'part'>;
  readonly report: (line: string) => void;
}

/**
 * What can happen to a whole region: every process of it dies, freezes or comes back at once. A region is every part that the plan
 * says is in it, so the witness is one too, and so is what stands outside.
 *
 * What was killed stays down, and what is paused is not started again should it die, until somebody starts or resumes the region.
 */
export class RegionControl {
  readonly #options: RegionControlOptions;
  readonly #starts = new Map<string, AbortController>();
  readonly #killed = new Set<string>();

  constructor(options: RegionControlOptions) {
    this.#options = options;
  }

  /** SIGKILL to every process at once. Resolves when none is left. @throws Error when there is no such region */
  async kill(region: string): Promise<void> {
    const parts = this.#hold(region);
    this.#killed.add(region);
    const processes = await this.#signal(parts, 'SIGKILL');
    await Promise.all([untilGone(region, processes, downTimeoutMs), ...parts.map((part) => part.whenDown(downTimeoutMs))]);
    this.#options.report(`${region}: every process killed; it stays down until it is started`);
  }

  /** SIGSTOP to every process at once: alive, and silent. */
  async pause(region: string): Promise<void> {
    if (this.#killed.has(region)) throw new Error(`${region} is down: there is nothing to pause`);
    await this.#signal(this.#hold(region), 'SIGSTOP');
    this.#options.report(`${region}: every process paused`);
  }

  /** SIGCONT to every process of a paused region. @throws Error when the region was killed */
  async resume(region: string): Promise<void> {
    const parts = this.#partsOf(region);
    if (this.#killed.has(region)) throw new Error(`${region} is down: it is started, not resumed`);
    await this.#continue(parts);
    const notWaiting = AbortSignal.abort();
    await Promise.all(parts.map((part) => part.letRun(notWaiting)));
    this.#options.report(`${region}: resumed`);
  }

  /**
   * Starts what is down, each part after those of its region that it needs, and resumes what is paused. What starts gives way to the other
   * region, which serves meanwhile on the same cores. Resolves when all is ready, or when the region is killed or paused meanwhile.
   * @throws Error of a step that failed
   */
  async start(region: string): Promise<void> {
    await this.#continue(this.#partsOf(region));
    this.#killed.delete(region);
    const start = new AbortController();
    this.#starts.get(region)?.abort();
    this.#starts.set(region, start);
    const begun = new Map<string, Promise<void>>();
    for (const item of this.#options.supervisor.plan.filter((each) => each.region === region)) {
      const name = item.kind === 'part' ? item.spec.name : item.name;
      const needs = item.needs.flatMap((need) => begun.get(need) ?? []); // what it needs of others is their affair
      const begin = async (): Promise<void> => {
        await Promise.all(needs);
        if (start.signal.aborted) return;
        await (item.kind === 'part'
          ? this.#options.supervisor.part(name).letRun(start.signal, { givingWay: true })
          : item.run(start.signal));
      };
      begun.set(name, begin());
    }
    const failed = (await Promise.allSettled(begun.values())).find((outcome) => outcome.status === 'rejected');
    if (start.signal.aborted) return;
    if (failed !== undefined) throw failed.reason;
    this.#options.report(`${region}: everything is ready again`);
  }

  #partsOf(region: string): readonly Part[] {
    const plans = this.#options.supervisor.plan.filter((item): item is PartPlan => item.kind === 'part');
    const parts = plans.filter((plan) => plan.region === region).map(({ spec }) => this.#options.supervisor.part(spec.name));
    if (parts.length === 0) throw new Error(`no region ${region}; there are ${[...new Set(plans.map((plan) => plan.region))].join(', ')}`);
    return parts;
  }

  async #continue(parts: readonly Part[]): Promise<void> {
    await this.#signal(
      parts.filter(({ state }) => state === 'paused'),
      'SIGCONT',
    );
  }

  #hold(region: string): readonly Part[] {
    const parts = this.#partsOf(region);
    this.#starts.get(region)?.abort();
    for (const part of parts) part.hold();
    return parts;
  }

  async #signal(parts: readonly Part[], signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<readonly ProcessRow[]> {
    const signalled = await signalTrees(
      parts.flatMap(({ pid }) => pid ?? []),
      signal,
    );
    for (const part of parts) part.wasSignalled(signal);
    return signalled;
  }
}
