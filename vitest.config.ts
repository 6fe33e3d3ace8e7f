import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const source = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
};

/**
 * Journeys share one system, so their order matters: first those whose counts and places hold only while nobody but the services has written the log,
 * no shard has changed hands and no mirror was made anew; then who writes into it by hand; then what breaks things; at the end what the shared
 * system does not do for, since it is started anew for it.
 */
const journeysInOrder = [
  /\/test\/journeys\/(?!broken-record)/,
  /\/test\/journeys\//,
  /\/test\/recovery\//,
  /\/test\/chaos\/(?!two-instances)/,
  /\/test\/chaos\//,
];

/** vitest's own order, by duration or size, but for journeys. */
class JourneysInOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ project, moduleId }: TestSpecification): number =>
      project.name === 'journeys' ? journeysInOrder.findIndex((place) => place.test(moduleId)) : -1;
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b)); // the sort is stable
  }
}

/** `unit` needs nothing but Node; `contract` starts single real programs; `journeys` starts whole regions. */
export default defineConfig({
  test: {
    sequence: { sequencer: JourneysInOrder },
    teardownTimeout: 180_000, // the journeys' system is stopped then
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          maxWorkers: '100%', // vitest would leave a core to others
          isolate: false, // a module is evaluated once per worker: three quarters of the time went into imports
          include: [
            '{apps,libs}/*/src/**/*.spec.ts',
            'test/{tidy,golden,simulation,model,bench,mutants}/**/*.spec.ts',
            'test/chaos/{plan,report,run,workloads}/*.spec.ts',
          ],
          testTimeout: 60_000, // a starved machine is no finding: a property that takes 2 s was seen to take 18
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        ...source,
        test: {
          name: 'contract',
          include: ['test/contract/**/*.spec.ts'],
          globalSetup: ['test/contract/contract.setup.ts'],
          maxWorkers: 2, // each waits most of its time, for a lease, an election, a restart; ports and folders are each one's own
          sequence: { groupOrder: 1 }, // vitest wants another group where the number of workers is another one
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        test: {
          name: 'journeys',
          include: ['test/{journeys,chaos,recovery}/*.spec.ts'],
          globalSetup: ['test/journeys/journeys.setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
