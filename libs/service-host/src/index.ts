export { startShardService, type ShardService, type ShardServiceOptions } from './shard-service.ts';
export { openServiceReads, type ServiceReadsOptions } from './service-reads.ts';
