import { topologySchema, type Region, type Topology } from '#contracts';

export interface SilentTopologyOptions {
  /** All of them homes; the first one has the catalogue. */
  readonly regions: readonly Region[];
  readonly partitions: number;
}

/** Names that nobody listens to: reserved port 1 of the loopback address refuses at once. */
const nobody = 'http://127.0.0.1:1';

/** A topology whose addresses are of nobody, for what is given its parts by hand. */
export function silentTopology({ regions, partitions }: SilentTopologyOptions): Topology {
  const place = {
    kafka: { brokers: ['127.0.0.1:1'] },
    postgres: 'postgres://127.0.0.1:1',
    etcd: [nobody],
    services: { storefront: [nobody], order: [nobody], inventory: [nobody], payment: [nobody], agent: [nobody] },
    peers: {},
  };
  return topologySchema.parse({
    homes: regions,
    catalogue: regions[0],
    partitions,
    regions: Object.fromEntries(regions.map((region) => [region, place])),
    identity: { issuer: 'i', audience: 'a', jwksUrl: nobody },
    paymentProvider: { url: nobody },
  });
}
