import { connectKafkaCluster } from '#shard-log';

/** A member of a consumer group in a process of its own, to be killed: prints the number of its partitions at each assignment. */
const [broker, group, topic] = process.argv.slice(2) as [string, string, string];

await connectKafkaCluster({ brokers: [broker], clientId: 'to-be-killed' }).consumeCommands({
  group,
  topic,
  onAssigned: (partitions) => void process.stdout.write(`has ${partitions.length}\n`),
  onBatch: async (_partition, records) => void process.stdout.write(records.map(({ value }) => `saw ${value}\n`).join('')),
  onStopped: (error) => {
    throw error;
  },
});
