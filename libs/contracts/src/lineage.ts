import { z } from 'zod';
import type { ShardId } from './shards.ts';
import { shardId, services } from './shards.ts';
import type { Homes } from './homes.ts';
import type { Region } from './ids.ts';

const regionSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/)
  .transform((name) => name as Region);

/** One stretch of a shard's history: the owner's log holds it, and it begins after seq `base`. */
export const segmentSchema = z.object({
  term: z.int().positive(),
  owner: regionSchema,
  base: z.int().nonnegative(),
  mode: z.enum(['paired', 'solo']),
  /** The one region whose receipts settle this segment, and which alone may take it over. */
  mirror: regionSchema,
});
export type Segment = Readonly<z.infer<typeof segmentSchema>>;

export const lineageStatusSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('paired') }),
  z.object({ status: z.literal('claimed'), region: regionSchema, term: z.int().positive() }),
  z.object({ status: z.literal('solo'), region: regionSchema }),
  z.object({ status: z.literal('rejoining'), region: regionSchema }),
]);

/** The one etcd key: changed only by compare-and-swap. `revision` is etcd's mod revision of the state as read. */
export const lineageSchema = z.object({
  term: z.int().positive(),
  status: lineageStatusSchema,
  shards: z.record(z.string(), z.array(segmentSchema).min(1)),
});
export type Lineage = Readonly<z.infer<typeof lineageSchema>>;

/** What stands in a `lineage` topic: the newest revision wins, whatever the order of records. */
export const lineageRecordSchema = z.object({ revision: z.int().nonnegative(), lineage: lineageSchema });
export type LineageRecord = Readonly<z.infer<typeof lineageRecordSchema>>;

/** The lineage that a new system starts with: every shard one paired segment of term 1, its home the owner. */
export function firstLineage(topology: Homes & { readonly regions: readonly Region[] }): Lineage {
  const shards: Record<string, Segment[]> = {};
  const homes = new Set([...topology.homes, topology.catalogue]);
  for (const service of services)
    for (const home of homes) {
      const mirror = topology.regions[(topology.regions.indexOf(home) + 1) % topology.regions.length]!;
      for (let partition = 0; partition < topology.partitions; partition++)
        shards[shardId({ service, home, partition })] = [{ term: 1, owner: home, base: 0, mode: 'paired', mirror }];
    }
  return { term: 1, status: { status: 'paired' }, shards };
}

/** The segments of one shard in order of term; empty when the lineage does not know it. */
export const segmentsOf = (lineage: Lineage, shard: ShardId): readonly Segment[] => lineage.shards[shard] ?? [];
