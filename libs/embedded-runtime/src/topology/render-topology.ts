import { topologySchema, type RegionAddresses, type Topology } from '#contracts';
import { agentsOf, instancePort, instancesOf, kafkaLinkPort, linkPort, type Place, type System } from './system.ts';

export const identityUrl = ({ outside }: System): string => `http://${outside.address}:${outside.identity}`;

/** The topology that every Node process reads, as plain data for its JSON file; checked against the contract's schema. */
export function renderTopology(system: System): Topology {
  const issuer = identityUrl(system);
  return topologySchema.parse({
    homes: system.homes,
    catalogue: system.catalogue,
    partitions: system.partitions,
    regions: Object.fromEntries(system.regions.map((region) => [region.name, addressesOf(system, region)])),
    identity: { issuer, audience: system.audience, jwksUrl: `${issuer}/.well-known/jwks.json` },
    paymentProvider: { url: `http://${system.outside.address}:${system.outside.paymentSandbox}` },
    dns: {
      name: system.dns.name,
      servers: Object.fromEntries(system.regions.map(({ name, address }) => [name, `${address}:${system.dns.port}`])),
    },
    ...(system.timing === undefined ? {} : { timing: system.timing }),
    ...(system.otlpUrl === undefined ? {} : { telemetry: { otlpUrl: system.otlpUrl, traceRatio: system.traceRatio } }),
  });
}

function addressesOf(system: System, region: Place): RegionAddresses {
  const { ports } = system;
  const urls = (port: number): string[] =>
    instancesOf(system).map((instance) => `http://${region.address}:${instancePort(port, instance)}`);
  const others = system.regions.filter(({ name }) => name !== region.name);
  return {
    kafka: { brokers: [`${region.address}:${ports.kafka}`] },
    postgres: postgresUrl(system, region),
    etcd: [
      `http://${region.address}:${ports.etcdClient}`,
      ...others.map((other) => `http://${region.address}:${linkPort(system, region, other, ports.etcdClient)}`),
    ],
    services: {
      storefront: urls(ports.storefront),
      order: urls(ports.order),
      inventory: urls(ports.inventory),
      payment: urls(ports.payment),
      agent: agentsOf(system).map((instance) => `http://${region.address}:${instancePort(ports.agent, instance)}`),
    },
    peers: Object.fromEntries(others.map((other) => [other.name, peerOf(system, region, other)])),
  };
}

function peerOf(system: System, from: Place, to: Place): RegionAddresses['peers'][string] {
  const urls = (port: number): string[] =>
    instancesOf(system).map((instance) => `http://${from.address}:${linkPort(system, from, to, instancePort(port, instance))}`);
  const { order, inventory, payment } = system.ports;
  const kafka = { brokers: [`${from.address}:${linkPort(system, from, to, kafkaLinkPort(system, to, from))}`] };
  return { order: urls(order), inventory: urls(inventory), payment: urls(payment), kafka };
}

export const postgresUrl = (system: System, region: Place): string =>
  `postgres://evenkeel@${region.address}:${system.ports.postgres}/evenkeel`;
