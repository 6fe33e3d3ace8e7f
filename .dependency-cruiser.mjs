/** Who may import whom: the folder rules of docs/ARCHITECTURE.md. */
import { builtinModules } from 'node:module';

const nodeModule = `^(node:)?(${builtinModules.map((name) => name.replace('node:', '')).join('|')})$`;
const lib = '^libs/([^/]+)/';
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'apps-meet-in-contracts-and-the-log',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-by-their-front-door',
      severity: 'error',
      from: { path: lib },
      to: { path: '^libs/[^/]+/src/.+', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$', '^libs/contracts/src/browser\\.ts$'] },
    },
    {
      name: 'apps-use-libs-by-their-front-door',
      severity: 'error',
      // A port's contract suite is its front door for tests of adapters that need real programs; the pure shape of a process has its own.
      from: { path: '^(apps|test)/' },
      to: {
        path: '^libs/[^/]+/src/.+',
        pathNot: [
          '^libs/[^/]+/src/index\\.ts$',
          '^libs/[^/]+/src/[^/]+\\.contract\\.ts$',
          '^libs/process-manager/src/process\\.ts$',
          '^libs/service-kit/src/post-json\\.ts$',
        ],
      },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/kernel/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['/domain/', '^libs/(kernel|contracts)/', '^libs/process-manager/src/(index|process)\\.ts$'] },
    },
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: { path: '^libs/shard-log/src/core/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'checkers-judge-what-they-are-given',
      severity: 'error',
      from: { path: '^libs/checkers/', pathNot: '(\\.spec\\.ts$|/testing/)' },
      to: { pathNot: '^libs/(checkers|kernel|contracts)/' },
    },
    {
      name: 'the-sdk-runs-in-browsers',
      severity: 'error',
      from: { path: '^libs/storefront-sdk/src/', pathNot: '(\\.spec\\.ts$|/testing/)' },
      to: { reachable: true, path: nodeModule },
    },
    {
      name: 'kafkajs-behind-its-port',
      severity: 'error',
      // The bench's raw limits are what it does with nothing of ours around it.
      from: { pathNot: '^(libs/shard-log/src/kafka|test/bench/limits)/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'only-the-operator-runs-regions',
      severity: 'error',
      from: { path: '^apps/', pathNot: '^apps/operator/' },
      to: { path: '^libs/embedded-runtime/' },
    },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      from: { pathNot: '(\\.spec|\\.contract)\\.ts$|/testing/|^test/|^libs/test-kit/' },
      to: { path: '(\\.(spec|contract)\\.ts$|/testing/|^libs/test-kit/|^test/)' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
