import { eventsTopic, otherRegions, services, topicIn } from '#contracts';
import type { BenchSystem } from '../bench-system.ts';
import { bareRoute, type RouteLimit } from './fastify-limit.ts';
import { kafkajsAppend, kafkajsConsume, type AppendLimit, type ConsumeLimit } from './kafkajs-limits.ts';
import { postgresUpserts, type UpsertLimit } from './postgres-limit.ts';

/** What the parts do on this machine with nothing of ours around them. The mirrors' delay is measured with the quiet orders. */
export interface LimitsResult {
  readonly append: AppendLimit;
  /** Of all events topics, own and mirrored, of one region: what its projectors read. */
  readonly consume: ConsumeLimit;
  readonly upserts: UpsertLimit;
  readonly route: RouteLimit;
}

/** One limit after the other, on the programs of the first region, while the rest of the system is at rest. */
export async function measureLimits(bench: BenchSystem, { seconds }: { readonly seconds: number }): Promise<LimitsResult> {
  const { topology } = bench.system;
  const [here] = bench.regions;
  const { kafka, postgres } = topology.regions[here!]!;
  const origins = [here!, ...otherRegions(topology, here!)];
  const topics = origins.flatMap((origin) => services.map((service) => topicIn(here!, origin, eventsTopic(service))));
  bench.say(`limits: kafkajs, PostgreSQL and a bare route, ${seconds} s each`);
  return {
    append: await kafkajsAppend(kafka.brokers, { partitions: topology.partitions, seconds }),
    consume: await kafkajsConsume(kafka.brokers, topics),
    upserts: await postgresUpserts(postgres, { seconds }),
    route: await bareRoute({ seconds }),
  };
}
