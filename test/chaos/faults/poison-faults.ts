import { z } from 'zod';
import { eventsTopic, parkedRecordSchema, services } from '#contracts';
import { connectKafkaCluster, type NewRecord } from '#shard-log';
import { eventually } from '#test-kit';
import { regionOf, type Deed } from './blow.ts';

const parkedListSchema = z.array(parkedRecordSchema.extend({ part: z.string() }));
const parkedWithinMs = 180_000;

/** What nobody can read, one for each service: without headers, with some that are missing, and of a kind that a later version may have. */
const poison: readonly NewRecord[] = [
  { key: null, headers: {}, value: 'not of ours' },
  { key: 'poison', headers: { 'evenkeel-kind': 'commit' }, value: '{"events": [' },
  { key: 'poison', headers: { 'evenkeel-kind': 'of-the-future', 'evenkeel-shard': 'order.nowhere.0' }, value: '{}' },
];

/**
 * A record that nobody can read in the log of each service of a region. They block nothing; every reader in both regions parks them, and
 * a person decides at the heal.
 */
export const poisonRecord: Deed = (ground, { strikes }) => {
  const region = regionOf(ground, strikes.split('.')[0]!);
  const { system } = ground;
  const list = () => system.command.json(['parked', 'list'], parkedListSchema);
  const undecided = async () => (await list()).filter(({ status }) => status === 'parked');
  return {
    begin: async () => {
      const cluster = connectKafkaCluster({ brokers: system.topology.regions[region]!.kafka.brokers, clientId: 'chaos' });
      try {
        const appender = await cluster.appender('chaos');
        for (const [index, service] of services.entries()) await appender.append(eventsTopic(service), 0, [poison[index]!]);
        await appender.close();
      } finally {
        await cluster.close();
      }
    },
    heal: async () => {
      const found = await eventually(
        async () => {
          const parked = await undecided();
          const places = new Set(parked.map(({ topic, offset, part }) => `${part.split('.')[0]} ${topic} ${offset}`));
          const expected = services.length * ground.regions.length;
          if (places.size < expected) throw new Error(`${places.size} of ${expected} are parked: ${[...places].join('; ')}`);
          return parked;
        },
        { withinMs: parkedWithinMs, everyMs: 500 },
      );
      for (const id of new Set(found.map((record) => record.id))) await system.command.succeed(['parked', 'skip', id]);
      await eventually(async () => (await undecided()).length === 0, { withinMs: parkedWithinMs, everyMs: 500 });
    },
  };
};
