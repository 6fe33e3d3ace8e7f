import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';

export const measurements = ['orders', 'quiet', 'hot-sku', 'limits', 'rebuild', 'memory'] as const;
export type Measurement = (typeof measurements)[number];
/** The memory of 50,000 orders takes longer than all the rest: it is measured when it is asked for. */
const measuredByDefault: readonly Measurement[] = ['orders', 'quiet', 'hot-sku', 'limits', 'rebuild'];

const list = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (given) =>
      String(given)
        .split(',')
        .map((part) => part.trim()),
    z.array(item).min(1),
  );
const positive = z.coerce.number<string>().positive();
const whole = z.coerce.number<string>().int().positive();

const optionsSchema = z.object({
  json: z.boolean(),
  home: z.string().min(1),
  running: z.boolean(),
  only: list(z.enum(measurements)).transform((names) => new Set(names)),
  loads: list(positive),
  seconds: positive,
  warmUp: z.coerce.number<string>().min(0),
  runs: whole,
  primeSeconds: z.coerce.number<string>().min(0),
  quietSeconds: positive,
  hotLoad: positive,
  hotReservations: whole,
  limitSeconds: positive,
  rebuildEvents: whole,
  memoryOrders: list(whole).refine((marks) => marks.every((mark, i) => mark > (marks[i - 1] ?? 0)), 'in ascending order'),
  memoryLoad: positive,
});
export type BenchOptions = Readonly<z.output<typeof optionsSchema>>;

/** The command line, to be given its action. */
export function benchCommand(action: (options: BenchOptions) => Promise<void>): Command {
  return new Command('bench')
    .description('Measures two regions on this machine, and beside them what the parts below can do. Exit code 1: something was not clean.')
    .option('--json', 'answer with one JSON value; null stands for a time that never came', false)
    .option('--home <dir>', 'where the system is started', process.env['EVENKEEL_HOME'] ?? join(tmpdir(), 'evenkeel-bench'))
    .option('--running', 'measure the system that runs there already, and leave it running', false)
    .option('--only <names>', `of ${measurements.join(', ')}`, measuredByDefault.join(','))
    .option('--loads <list>', 'orders a second', '10,20,40,80')
    .option('--seconds <n>', 'of each load that are counted', '30')
    .option('--warm-up <n>', 'seconds before that in which the rate rises', '5')
    .option('--runs <n>', 'of each load; the median counts', '3')
    .option('--prime-seconds <n>', 'of the first load, before anything is measured: what has just started is slow', '20')
    .option('--quiet-seconds <n>', 'for the mirrors, and again for one order a second', '60')
    .option('--hot-load <n>', 'orders a second for the hot sku', '20')
    .option('--hot-reservations <n>', 'of the hot sku, at its writer', '20000')
    .option('--limit-seconds <n>', 'for each raw limit', '5')
    .option('--rebuild-events <n>', 'in the history that is rebuilt', '200000')
    .option('--memory-orders <list>', 'orders after which memory is looked at', '10000,50000')
    .option('--memory-load <n>', 'orders a second meanwhile', '100')
    .showHelpAfterError()
    .action((given: unknown) => action(optionsSchema.parse(given)));
}
