import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { regionSchema } from '#contracts';

const port = z.int().min(1024).max(65_535);
const address = z.ipv4();
const place = z.object({ name: regionSchema, address });

/**
 * The one description of an embedded system: all addresses, ports, programs and links follow from it. Every region listens at the
 * same ports of its own loopback address. `deploy/topology/embedded.json` is the one that `evenkeel up` runs.
 */
export const systemSchema = z
  .object({
    homes: z.array(regionSchema).min(1),
    catalogue: regionSchema,
    partitions: z.int().min(1).max(1000),
    regions: z.array(place).min(2).max(8),
    witness: place,
    /** What belongs to no region. */
    outside: z.object({ address, paymentSandbox: port, identity: port, prometheus: port.default(8072) }),
    /** `aud` of the tokens that the runtime issues. */
    audience: z.string().min(1),
    /** Of the storefront and of each service; projectors are one per region. */
    instances: z.int().min(1).max(9),
    /** Region agents per region: one leads, the others take the lead when it is gone. */
    agents: z.int().min(1).max(3).default(2),
    /**
     * The storefront's name, and the port at which each region's DNS server answers for it. Not 53: what listens there must be root,
     * and one port for everybody can be written down.
     */
    dns: z.object({ name: z.hostname(), port }).default({ name: 'shop.evenkeel.test', port: 1053 }),
    /** Overrides of the regions' timing, one by one (`regionTimingSchema` in libs/regions). */
    timing: z.record(z.string(), z.number()).optional(),
    ports: z.object({
      storefront: port,
      order: port,
      inventory: port,
      payment: port,
      agent: port,
      orderProjector: port,
      inventoryProjector: port,
      paymentProjector: port,
      kafka: port,
      kafkaController: port,
      kafkaLink: port,
      postgres: port,
      etcdClient: port,
      etcdPeer: port,
      etcdPeerLink: port,
    }),
    /** OTLP/HTTP base URL that every process exports its traces and metrics to; nothing is exported when absent. */
    otlpUrl: z.url().optional(),
    /** The share of the traces beginning here that is recorded. Default: all. */
    traceRatio: z.number().min(0).max(1).optional(),
  })
  .refine(
    ({ regions, witness }) => new Set([...regions, witness].map(({ address }) => address)).size === regions.length + 1,
    'every region needs its own address',
  )
  .refine(
    ({ regions, homes, catalogue }) => [...homes, catalogue].every((home) => regions.some(({ name }) => name === home)),
    'every home must be a region',
  );

export type System = Readonly<z.infer<typeof systemSchema>>;
export type Place = Readonly<z.infer<typeof place>>;

/** @throws Error naming the file and the field */
export async function readSystem(path: string): Promise<System> {
  const parsed = systemSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path} does not describe a system: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const instanceStep = 100;
const linkBase = 10_000;
const linkStep = 1000;

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
export const instancesOf = (system: System): readonly number[] => upTo(system.instances);
export const agentsOf = (system: System): readonly number[] => upTo(system.agents);

/** Where instance n (1, 2, ...) of what listens at `port` listens. */
export const instancePort = (port: number, instance: number): number => port + instanceStep * (instance - 1);

/** At which of its own ports region `from` dials what listens at `port` in region `to`: 10,000 higher, 1,000 more per further region. */
export function linkPort(system: System, from: Place, to: Place, port: number): number {
  const others = system.regions.filter(({ name }) => name !== from.name);
  return port + linkBase + linkStep * others.findIndex(({ name }) => name === to.name);
}

/** The port of `at`'s broker that only the link from region `dialler` leads to: 9094, and the next ones for further regions. */
export const kafkaLinkPort = (system: System, at: Place, dialler: Place): number =>
  system.ports.kafkaLink + system.regions.filter(({ name }) => name !== at.name).findIndex(({ name }) => name === dialler.name);
