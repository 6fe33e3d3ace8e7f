import { customerId, homeOf, orderIdOf, regionsOf, type Topology } from '#contracts';
import type { PartStatus } from '#embedded-runtime';
import { table } from '../terminal/table.ts';
import { sampleSkus } from './sample-catalogue.ts';

export interface WelcomeOptions {
  readonly topology: Topology;
  readonly parts: readonly PartStatus[];
  readonly readyAfterMs: number;
  /** Of the customer below. */
  readonly customerToken: string;
}

export const sampleCustomer = customerId('alice');

/** What is up and where, by region, and commands to try. */
export function welcome({ topology, parts, readyAfterMs, customerToken }: WelcomeOptions): string {
  const groups = [...new Set(parts.map(({ region }) => region))].map((region) => {
    const rows = parts
      .filter((part) => part.region === region)
      .map((part) => ['  ' + part.name, part.url ?? part.ports.join(' '), part.state === 'ready' ? '' : part.state]);
    return `${region}\n${table(rows)}`;
  });
  return [...groups, `ready after ${(readyAfterMs / 1000).toFixed(1)} s`, ...commands(topology, customerToken)].join('\n\n');
}

function dnsCommand({ dns }: Topology, region: string): readonly string[] {
  const [host, port] = dns?.servers[region]?.split(':') ?? [];
  return dns === undefined || host === undefined
    ? []
    : [`Ask ${region}'s DNS which regions serve:\n  dig @${host} -p ${port} +short ${dns.name}`];
}

function commands(topology: Topology, token: string): readonly string[] {
  const home = homeOf(topology, sampleCustomer);
  const other = regionsOf(topology).find((region) => region !== home) ?? home;
  const storefront = (region: string): string => topology.regions[region]!.services.storefront[0]!;
  const key = `try-${Date.now()}`; // a new order for every start
  const order = orderIdOf(sampleCustomer, key);
  const body = JSON.stringify({
    lines: [
      { sku: sampleSkus[0], quantity: 2 },
      { sku: sampleSkus[2], quantity: 1 },
    ],
  });
  return [
    `List the products:\n  curl -s ${storefront(home)}/v1/products`,
    `Place an order as ${sampleCustomer}, whose home is ${home}, and wait until it is confirmed:\n  TOKEN=${token}\n` +
      `  curl -s -X POST ${storefront(home)}/v1/orders -H "authorization: Bearer $TOKEN" -H 'idempotency-key: ${key}' -H 'prefer: wait=10' -H 'content-type: application/json' -d '${body}'`,
    ...dnsCommand(topology, home),
    `Get it from ${other}:\n  curl -s ${storefront(other)}/v1/orders/${order} -H "authorization: Bearer $TOKEN"`,
  ];
}
