import { describe, expect, it } from 'vitest';
import { benchCommand, type BenchOptions } from './bench-options.ts';

async function optionsOf(...args: readonly string[]): Promise<BenchOptions> {
  const seen: BenchOptions[] = [];
  await benchCommand((options) => Promise.resolve(void seen.push(options))).parseAsync(['node', 'bench', ...args]);
  return seen[0]!;
}

describe('the options', () => {
  it('have defaults, in which the long measurement of memory is not', async () => {
    const options = await optionsOf();
    expect(options).toMatchObject({ loads: [10, 20, 40, 80], seconds: 30, runs: 3, json: false, running: false });
    expect([...options.only]).toEqual(['orders', 'quiet', 'hot-sku', 'limits', 'rebuild']);
  });

  it('are read from the command line', async () => {
    const options = await optionsOf(
      '--loads',
      '100',
      '--seconds',
      '60',
      '--only',
      'orders, memory',
      '--memory-orders',
      '100,500',
      '--json',
    );
    expect(options).toMatchObject({ loads: [100], seconds: 60, json: true, memoryOrders: [100, 500] });
    expect([...options.only]).toEqual(['orders', 'memory']);
  });

  it.each([
    ['--loads', '10,none'],
    ['--only', 'everything'],
    ['--runs', '0'],
    ['--memory-orders', '500,100'],
  ])('%s %s is refused', async (...args) => {
    await expect(optionsOf(...args)).rejects.toThrow();
  });
});
