import { type Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';
import type { BenchSystem } from '../bench-system.ts';
import { mirrorVisibility } from '../limits/mirror-visibility.ts';
import { linkBytes, linkBytesBetween } from '../machine/link-bytes.ts';
import { rootsOf, UsageWatch } from '../machine/usage-watch.ts';
import { measureRun, planOf } from './measure-orders.ts';
import type { OrderRun } from './load-result.ts';

export interface QuietResult {
  /** Raw, with no order under way. There and back is two of them, which no settled order can beat. */
  readonly mirrorVisibleMs: Percentiles | undefined;
  /** What the system costs while nobody wants anything: beats, leases, polls. */
  readonly idle: {
    /** By part. */
    readonly cpuMsPerSecond: Readonly<Record<string, number>>;
    readonly linkBytesPerSecond: Readonly<Record<string, number>>;
  };
  /** One order a second: each finds a system at rest. */
  readonly orders: OrderRun;
}

const ordersPerSecond = 1;

/** What the mirrors need, and then what an order needs, when nobody else wants anything: both for as many seconds. */
export async function measureQuiet(bench: BenchSystem, { seconds }: { readonly seconds: number }): Promise<QuietResult> {
  bench.say(`quiet: the mirrors alone, then one order a second, ${seconds} s each`);
  const { control } = bench.system;
  const links = linkBytes(await control.links());
  const watch = new UsageWatch(rootsOf(await bench.system.status()));
  const { visibleMs } = await mirrorVisibility(bench, seconds);
  const { cpuMs } = watch.stop();
  const bytes = linkBytesBetween(links, linkBytes(await control.links()));
  const perSecond = (of: object): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, Number(value) / seconds]));
  const plan = planOf(bench, 'quiet', { ordersPerSecond, seconds, warmUpSeconds: 0 });
  return {
    mirrorVisibleMs: visibleMs,
    idle: { cpuMsPerSecond: perSecond(cpuMs), linkBytesPerSecond: perSecond(bytes) },
    orders: await measureRun(bench, plan, { allAreConfirmed: true }),
  };
}
