import { z } from 'zod';
import type { Region } from './ids.ts';

const regionName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/)
  .transform((name) => name as Region);
const urls = z.array(z.url()).min(1);

/** Where one region's programs listen, and how it reaches the other regions (always through a link, never directly). */
export const regionAddressesSchema = z.object({
  kafka: z.object({ brokers: z.array(z.string()).min(1) }),
  postgres: z.string().startsWith('postgres'),
  etcd: urls,
  /** One base URL per instance. */
  services: z.object({ storefront: urls, order: urls, inventory: urls, payment: urls, agent: urls }),
  /** Base URLs of other regions' services as dialled from this region; and their Kafka, from which a region that lost its logs is refilled. */
  peers: z.record(
    z.string(),
    z.object({ order: urls, inventory: urls, payment: urls, kafka: z.object({ brokers: z.array(z.string()).min(1) }).optional() }),
  ),
});

/**
 * One description of the system that every process reads (file named by EVENKEEL_TOPOLOGY). The embedded runtime, compose and
 * Kubernetes material each render their own.
 */
export const topologySchema = z.object({
  homes: z.array(regionName).min(1),
  catalogue: regionName,
  partitions: z.int().min(1).max(1000),
  regions: z.record(z.string(), regionAddressesSchema),
  identity: z.object({ issuer: z.string(), audience: z.string(), jwksUrl: z.url() }),
  paymentProvider: z.object({ url: z.url() }),
  /**
   * OTLP/HTTP base URL for traces and metrics; none exported when absent. `traceRatio`: the share of the traces that begin here which are
   * recorded; whoever calls with a sampled trace has decided for its own.
   */
  telemetry: z.object({ otlpUrl: z.url(), traceRatio: z.number().min(0).max(1).default(1) }).optional(),
  /** The storefront's name, and by region where a DNS server answers for it (`address:port`): always with regions that serve. */
  dns: z.object({ name: z.string().min(1), servers: z.record(z.string(), z.string()) }).optional(),
  /** Overrides of the regions' timing, one by one: `regionTimingSchema` in libs/regions says which there are, and why. */
  timing: z.record(z.string(), z.number()).optional(),
});
export type Topology = Readonly<z.infer<typeof topologySchema>>;
export type RegionAddresses = Readonly<z.infer<typeof regionAddressesSchema>>;

export const regionsOf = (topology: Topology): readonly Region[] => Object.keys(topology.regions) as Region[];

/** The regions whose logs stand in `here`'s cluster as mirrors. */
export const otherRegions = (topology: Topology, here: Region): readonly Region[] =>
  regionsOf(topology).filter((region) => region !== here);
