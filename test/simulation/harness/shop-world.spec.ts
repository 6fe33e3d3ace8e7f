import { expect, it } from 'vitest';
import type { SimulationOptions, SimulationResult } from '../run/simulation.ts';
import { farTooLongMs, workThrough, type PoolOptions } from './seed.pool.ts';

/** What threads, repetition and shrinking rest on, of the real world. That it keeps its promises is for `../world.spec.ts` to say. */
const world = new URL('../run/simulation.ts', import.meta.url);
const steps = 600;
const timeoutMs = 600_000; // a starved machine is no finding

async function resultsOf(runs: readonly SimulationOptions[], threads: number, signal: AbortSignal): Promise<readonly SimulationResult[]> {
  const results: SimulationResult[] = [];
  const pool: PoolOptions = { world, threads, endsWithinMs: farTooLongMs, signal };
  const jobs = runs.map((options) => ({ kind: 'run', options }) as const).values();
  await workThrough(jobs, (_, answer) => answer.kind === 'run' && results.push(answer.result), pool);
  return results;
}

it(
  'the same seed is the same run: in any thread, after any other, and given the shape and the faults that it draws',
  async ({ signal }) => {
    const first = await resultsOf(
      [3, 4, 5].map((seed) => ({ seed, steps })),
      1,
      signal,
    );
    const again = await resultsOf(
      first.toReversed().map(({ seed, shape, faults }) => ({ seed, steps, shape, faults })),
      2,
      signal,
    );
    const hashes = (of: readonly SimulationResult[]) => new Map(of.map(({ seed, traceHash }) => [seed, traceHash]));
    expect(hashes(again)).toEqual(hashes(first));
    expect(new Set(hashes(first).values()).size).toBe(3);
    for (const { faults } of first) expect(faults.length).toBeGreaterThan(0);
  },
  timeoutMs,
);
