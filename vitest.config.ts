import { defineConfig } from 'vitest/config';

const source = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
};

/** `unit` needs nothing but Node; `contract` starts single real programs; `journeys` starts whole regions. */
export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          isolate: false, // a module is evaluated once per worker: three quarters of the time went into imports
          include: [
            '{apps,libs}/*/src/**/*.spec.ts',
            'test/{tidy,golden,simulation,model,bench,mutants}/**/*.spec.ts',
            'test/chaos/{plan,report,run,workloads}/*.spec.ts',
          ],
          testTimeout: 60_000, // a starved machine is no finding: a property that takes 2 s was seen to take 18
        },
      },
      {
        ...source,
        test: {
          name: 'contract',
          include: ['test/contract/**/*.spec.ts'],
          fileParallelism: false,
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
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
