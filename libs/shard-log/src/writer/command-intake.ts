import { commandEnvelopeSchema, commandsTopic, type CommandEnvelope, type Service, type ShardId } from '#contracts';
import type { CommandConsumer, LogCluster, StoredRecord } from '../cluster.port.ts';
import { DoneOffsets } from './done-offsets.ts';

/** Where the intake puts commands: the writers of this instance. */
export interface CommandSink<Command> {
  /** Shards of these partitions are this instance's to write now, and no others. */
  assigned(partitions: readonly number[]): Promise<void>;
  /** False when there is no such shard. Resolves when there is room for it. */
  enqueue(shard: ShardId, queued: { envelope: CommandEnvelope; command: Command; done: () => void }, bytes: number): Promise<boolean>;
}

/**
 * Takes an instance's share of `X.commands` and feeds the writers of its shards. The offset of a partition advances when every
 * earlier command is accepted, refused or bounced, so that whoever gets the partition next meets all the others again.
 */
export async function takeCommands<Command>(options: {
  readonly service: Service;
  readonly cluster: LogCluster;
  readonly parse: (command: unknown) => Command;
  readonly sink: CommandSink<Command>;
  /** A record that is no command is reported and passed over: nobody waits for it. */
  onUnreadable(record: StoredRecord, reason: string): void;
  onStopped(error: Error): void;
}): Promise<CommandConsumer> {
  let offsets = new Map<number, DoneOffsets>();
  let assigning = Promise.resolve();
  let consumer: CommandConsumer | undefined;

  const take = async (of: DoneOffsets, partition: number, record: StoredRecord): Promise<void> => {
    of.take(record.offset);
    const done = (): void => {
      const before = of.done(record.offset);
      if (before !== undefined && offsets.get(partition) === of) consumer?.done(partition, before);
    };
    const parsed = parseCommand(record, options.parse);
    if (typeof parsed === 'string') {
      options.onUnreadable(record, parsed);
      done();
    } else if (!(await options.sink.enqueue(parsed.envelope.shard, { ...parsed, done }, record.value?.length ?? 0))) {
      options.onUnreadable(record, `no such shard: ${parsed.envelope.shard}`);
      done();
    }
  };

  consumer = await options.cluster.consumeCommands({
    group: `${options.service}-writers`,
    topic: commandsTopic(options.service),
    onAssigned: (partitions) => {
      const kept = offsets;
      offsets = new Map(partitions.map((partition) => [partition, kept.get(partition) ?? new DoneOffsets()]));
      assigning = assigning.then(() => options.sink.assigned(partitions));
      assigning.catch((error: unknown) => options.onStopped(error instanceof Error ? error : new Error(String(error))));
    },
    onBatch: async (partition, records) => {
      await assigning;
      const of = offsets.get(partition);
      if (of === undefined) return; // given away meanwhile: the next owner reads them again
      for (const record of records) await take(of, partition, record);
    },
    onStopped: options.onStopped,
  });
  return consumer;
}

function parseCommand<Command>(
  record: StoredRecord,
  parse: (command: unknown) => Command,
): { envelope: CommandEnvelope; command: Command } | string {
  try {
    const envelope = commandEnvelopeSchema.parse(JSON.parse(record.value ?? 'null'));
    return { envelope, command: parse(envelope.command) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
