import { commandsTopic, shardOf } from '#contracts';
import { SerialAppender, type LogCluster } from '#shard-log';
import type { EmitCommands } from './process-projection.ts';
import type { TraceMemory } from './trace-memory.ts';

/** Appends process managers' commands to this region's command topics: one connection, a batch per partition. */
export async function openCommandEmitter(
  cluster: LogCluster,
  name: string,
  traces: Pick<TraceMemory, 'traceparentOf'>,
): Promise<{ emit: EmitCommands<{ type: string }>; close(): Promise<void> }> {
  const connection = await cluster.appender(name);
  const appender = new SerialAppender(connection);
  return {
    emit: async (commands) => {
      const results = await Promise.allSettled(
        commands.map(({ commandId, shard, key, correlation, command }) => {
          const { service, partition } = shardOf(shard);
          const value = JSON.stringify({
            commandId,
            shard,
            correlation,
            traceparent: traces.traceparentOf(correlation),
            reply: false,
            command,
          });
          return appender.append(commandsTopic(service), partition, { key, headers: {}, value });
        }),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    close: () => connection.close(),
  };
}
