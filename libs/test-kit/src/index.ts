export { eventually, type EventuallyOptions } from './eventually.ts';
export { seededRandom, type SeededRandom } from './seeded-random.ts';
export { freePorts } from './free-ports.ts';
export { runProgram, type RunningProgram, type TestProgram } from './run-program.ts';
export { startTestBroker, type TestBroker } from './test-broker.ts';
export { DecidingGateway } from './deciding-gateway.ts';
export { startTestPostgres, type TestPostgres } from './test-postgres.ts';
