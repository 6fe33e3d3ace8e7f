export { startShardService, type ShardService, type ShardServiceOptions } from './shard-service.ts';
