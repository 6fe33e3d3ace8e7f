/** What may catch a mutant: the one place that says which command that is. Each is also a part of `npm test`, with fewer seeds. */
export const catchers = {
  model: {
    about: 'readings, lineage and procedures of two and three regions, with zombies, lagging mirrors and dying agents',
    kind: 'specs',
    project: 'unit',
    // Not crashes.spec.ts: it runs each procedure once while it is loaded, so it rather fails to load than fails.
    paths: [
      'test/model/procedures.model.spec.ts',
      'test/model/mirrors.spec.ts',
      'test/model/traces.spec.ts',
      'test/model/new-segments.spec.ts',
    ],
    environment: { EVENKEEL_MODEL_RUNS: '60' }, // of three regions, seed 72 is one that does not go on without a person (ADR 0020)
  },
  shop: {
    about: 'deciders, process managers and a provider of two regions, with lost, repeated and overtaking commands',
    kind: 'specs',
    project: 'unit',
    paths: ['test/simulation/checkout.simulation.spec.ts'],
  },
  directed: {
    about: 'schedules by hand: logs that have lost their tail, and the real writers and agents of two regions on in-memory logs',
    kind: 'specs',
    project: 'unit',
    paths: [
      'libs/shard-log/src/core/traces.spec.ts',
      'libs/shard-log/src/writer/shard-writer.spec.ts',
      'libs/shard-log/src/writer/shard-writer.data-loss.spec.ts',
      'libs/shard-log/src/writer/changing-owners.spec.ts',
      'apps/region-agent/src/two-regions.spec.ts',
      'apps/region-agent/src/stranded/stranded-offers.spec.ts',
      'apps/region-agent/src/receipts',
    ],
  },
  simulation: {
    about: 'all of it in one: the real writers, readers, agents’ parts, deciders and processes, with clients, and faults drawn from a seed',
    kind: 'seeds',
    seeds: 250,
  },
} as const satisfies Readonly<Record<string, Catcher>>;

export type SuiteName = keyof typeof catchers;

export type Catcher = { readonly about: string } & (
  | {
      readonly kind: 'specs';
      /** Of vitest.config.ts. */
      readonly project: string;
      /** From the root of the tree: files or folders with specs. */
      readonly paths: readonly string[];
      /** Of its processes: more seeds than `npm test` has time for. */
      readonly environment?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'seeds';
      /** From 1, until the first that fails. */
      readonly seeds: number;
    }
);

/** Tests of the checks plant bugs of their own, and fail when they do not find those: that says nothing about the mutant. */
const noTestsOfTheChecks = '^(?!the check)';

/** Where a run of specs leaves its report, from the root of the copy; seeds leave theirs on standard output. */
export const specsReportPath = 'mutant-report.json';

/** Arguments for Node, in the root of the copy: one process's worth of work, ended by the first thing that fails. */
export function argumentsOf(catcher: Catcher): readonly string[] {
  if (catcher.kind === 'seeds') {
    const program = ['--conditions=source', '--disable-warning=TimeoutNegativeWarning', 'test/simulation/harness/simulate.main.ts'];
    return [...program, '--seeds', String(catcher.seeds), '--threads', '1', '--again-every', '0', '--shrink-runs', '0', '--json'];
  }
  const program = ['node_modules/vitest/vitest.mjs', 'run', '--project', catcher.project, '--maxWorkers', '1', '--bail', '1'];
  const report = ['--reporter', 'json', '--outputFile', specsReportPath];
  return [...program, '--testNamePattern', noTestsOfTheChecks, ...report, ...catcher.paths];
}
