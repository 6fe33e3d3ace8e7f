export { newlyRequired, type ProcessDefinition, type RequiredCommand } from './process.ts';
export { processProjection, processTable, processTables, type EmitCommands, type ProcessHost } from './process-projection.ts';
export { startSweeper, defaultSweepPace, type Sweeper, type SweeperOptions, type SweepPace } from './sweeper.ts';
export { openCommandEmitter } from './command-emitter.ts';
export { runProcessManager, type RunProcessManager, type RunningProcessManager } from './run-process-manager.ts';
export { TraceMemory } from './trace-memory.ts';
