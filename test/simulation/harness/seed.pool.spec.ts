import { describe, expect, it } from 'vitest';
import type { SeedAnswer, SeedJob } from './seed-job.ts';
import { noEnd, workThrough, type PoolOptions } from './seed.pool.ts';
import { breaks, seedThat } from './synthetic.world.ts';
import { doesNotThrow } from './world.port.ts';

const world = new URL('synthetic.world.ts', import.meta.url);
const run = (seed: number): SeedJob => ({ kind: 'run', options: { seed, steps: 50 } });
const seedOf = (job: SeedJob): number => (job.kind === 'run' ? job.options.seed : job.failed.seed);

async function answers(jobs: readonly SeedJob[], options: Partial<PoolOptions> = {}) {
  const got: { seed: number; answer: SeedAnswer | typeof noEnd }[] = [];
  const pool = { world, threads: 2, endsWithinMs: () => 60_000, signal: new AbortController().signal, ...options };
  await workThrough(jobs.values(), (job, answer) => got.push({ seed: seedOf(job), answer }), pool);
  return got;
}

const seeds = Array.from({ length: 120 }, (_, index) => index);

describe('threads that share seeds', () => {
  it('answer each exactly once, and exactly those fail that do', async () => {
    const got = await answers(seeds.map(run));
    expect(got.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual(seeds);
    const failing = got.filter(({ answer }) => answer.kind === 'run' && answer.result.violations.length > 0);
    expect(failing.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual(seeds.filter(breaks));
  });

  it('give the same hash for the same seed, whichever of them runs it, and after whatever', async () => {
    const hashes = await Promise.all([answers([run(1), run(2), run(3)], { threads: 1 }), answers([run(9), run(3), run(2), run(1)])]);
    const [one, other] = hashes.map(
      (got) => new Map(got.map(({ seed, answer }) => [seed, answer.kind === 'run' && answer.result.traceHash])),
    );
    for (const seed of [1, 2, 3]) expect(one!.get(seed)).toBe(other!.get(seed));
    expect(new Set(one!.values()).size).toBe(3);
  });

  it('go on after a run that throws', async () => {
    const got = await answers([run(seedThat.throws), run(1)], { threads: 1 });
    expect(got.map(({ seed }) => seed)).toEqual([seedThat.throws, 1]);
    expect(got[0]!.answer).toMatchObject({
      result: { violations: [{ property: doesNotThrow, what: expect.stringContaining('seed 13000 throws') as string }] },
    });
  });

  it('go on after a run that has no end, which is said', async () => {
    const endsWithinMs = (job: SeedJob): number => (seedOf(job) === seedThat.hasNoEnd ? 200 : 60_000);
    const got = await answers([run(seedThat.hasNoEnd), run(1)], { threads: 1, endsWithinMs });
    expect(got).toMatchObject([
      { seed: seedThat.hasNoEnd, answer: noEnd },
      { seed: 1, answer: { kind: 'run' } },
    ]);
  });

  it('end when they are told to, whatever they are at', async () => {
    const told = new AbortController();
    const jobs = function* (): Generator<SeedJob> {
      yield run(1);
      told.abort();
      yield run(seedThat.hasNoEnd);
    };
    const got: number[] = [];
    await workThrough(jobs(), (job) => got.push(seedOf(job)), { world, threads: 1, endsWithinMs: () => 60_000, signal: told.signal });
    expect(got).toEqual([1]);
  });

  it('fail when one cannot begin', async () => {
    await expect(answers([run(1), run(2)], { world: new URL('no-such.world.ts', import.meta.url) })).rejects.toThrow('no-such.world.ts');
  });
});
