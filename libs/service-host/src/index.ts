export { startShardService, type ShardService, type ShardServiceOptions } from './shard-service.ts';
export { startPart } from './start-part.ts';
export { openServiceReads, type ServiceReadsOptions } from './service-reads.ts';
export { internalCommandsModule, type InternalCommandsOptions } from './internal-commands/internal-commands.controller.ts';
