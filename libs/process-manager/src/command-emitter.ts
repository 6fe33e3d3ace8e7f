import { commandsTopic, shardOf } from '#contracts';
import { SerialAppender, type LogCluster } from '#shard-log';
import { attributeNames, endedWith, isRecording, openSendSpan, type OpenSpan } from '#telemetry';
import type { EmitCommands } from './process-projection.ts';
import type { RequiredCommand } from './process.ts';
import type { TraceMemory } from './trace-memory.ts';

/**
 * Appends process managers' commands to this region's command topics: one connection, a batch per partition. Each command goes on in the
 * trace of what it serves.
 */
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
        commands.map((required) => {
          const { commandId, shard, key, correlation, command } = required;
          const { service, partition } = shardOf(shard);
          const known = traces.traceparentOf(correlation);
          const span = isRecording() ? spanOf(required, known) : undefined;
          const traceparent = span?.traceparent ?? known;
          const value = JSON.stringify({ commandId, shard, correlation, traceparent, reply: false, command });
          const append = () => appender.append(commandsTopic(service), partition, { key, headers: {}, value });
          return span === undefined ? append() : endedWith(span, append);
        }),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    close: () => connection.close(),
  };
}

function spanOf({ commandId, shard, correlation, command }: RequiredCommand<{ type: string }>, traceparent: string): OpenSpan {
  const { service, partition } = shardOf(shard);
  const topic = commandsTopic(service);
  return openSendSpan({
    topic,
    partition,
    traceparent,
    attributes: {
      [attributeNames.shard]: shard,
      [attributeNames.commandId]: commandId,
      [attributeNames.commandType]: command.type,
      [attributeNames.correlation]: correlation,
    },
  });
}
