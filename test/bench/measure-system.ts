import { cpus, loadavg, totalmem } from 'node:os';
import type { AskedFor } from './asked-for.ts';
import type { BenchOptions, Measurement } from './bench-options.ts';
import type { BenchResult } from './bench-result.ts';
import type { BenchSystem } from './bench-system.ts';
import { measureHotSku } from './hot-sku/measure-hot-sku.ts';
import { measureLimits } from './limits/measure-limits.ts';
import { measureMemory } from './measure-memory.ts';
import { measureOrders, measureRun, planOf } from './orders/measure-orders.ts';
import { measureQuiet } from './orders/measure-quiet.ts';

/** What is measured on a running system. */
export type SystemResult = Pick<BenchResult, 'orders' | 'quiet' | 'hotSku' | 'memory' | 'limits'>;
export const nothingOfTheSystem: SystemResult = {
  orders: undefined,
  quiet: undefined,
  hotSku: undefined,
  memory: undefined,
  limits: undefined,
};

const onTheSystem: readonly Measurement[] = ['orders', 'quiet', 'hot-sku', 'memory', 'limits'];
export const needsASystem = (asked: AskedFor): boolean => onTheSystem.some((name) => asked.has(name));

/** Everything of it that was asked for, one after the other on one system. The limits come last: consuming wants a log with something in it. */
export async function measureSystem(bench: BenchSystem, options: BenchOptions, asked: AskedFor): Promise<SystemResult> {
  const { loads, seconds, warmUp: warmUpSeconds, runs } = options;
  await prime(bench, options);
  const measured: AskedFor['measured'] = (name, measure) => asked.measured(name, measure);
  const hot = { ordersPerSecond: options.hotLoad, seconds, warmUpSeconds, reservations: options.hotReservations };
  return {
    orders: await measured('orders', () => measureOrders(bench, { loads, seconds, warmUpSeconds, runs })),
    quiet: await measured('quiet', () => measureQuiet(bench, { seconds: options.quietSeconds })),
    hotSku: await measured('hot-sku', () => measureHotSku(bench, hot)),
    memory: await measured('memory', () =>
      measureMemory(bench, { marks: options.memoryOrders, ordersPerSecond: options.memoryLoad, warmUpSeconds }),
    ),
    limits: await measured('limits', () => measureLimits(bench, { seconds: options.limitSeconds })),
  };
}

/** Code that has just been loaded is slow, and there is none but that at the first order. */
async function prime(bench: BenchSystem, { primeSeconds, loads }: BenchOptions): Promise<void> {
  if (primeSeconds === 0) return;
  bench.say(`priming for ${primeSeconds} s`);
  const times = { ordersPerSecond: loads[0]!, seconds: primeSeconds / 2, warmUpSeconds: primeSeconds / 2 };
  await measureRun(bench, planOf(bench, 'prime', times), { allAreConfirmed: true });
}

/** To be asked before anything is started. */
export const machineNow = (): BenchResult['machine'] => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryBytes: totalmem(),
  loadAverageBefore: loadavg()[0]!,
});
