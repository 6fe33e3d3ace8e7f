import { type Region, type Sku, sku as skuOf } from '#contracts';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import { Shop, startWholeSystem, stopWholeSystem, wholeSystemAt, type WholeSystem } from '#test-kit';
import type { BenchCustomer } from './orders/order-schedule.ts';

/** What every measurement works on. */
export interface BenchSystem {
  readonly system: WholeSystem;
  readonly regions: readonly Region[];
  readonly shop: Shop;
  /** Homes alternate. */
  readonly customers: readonly BenchCustomer[];
  /** More units of each, in each region, than any load wants. */
  readonly skus: readonly Sku[];
  readonly clusters: ReadonlyMap<Region, LogCluster>;
  /** Base URL of each region's first storefront. */
  readonly storefronts: Readonly<Record<string, string>>;
  /** A line for a person, to standard error. */
  readonly say: (line: string) => void;
  readonly close: () => Promise<void>;
}

export interface OpenBenchOptions {
  readonly home: string;
  /** Measure what runs in this home already, and leave it running; else a new system, which is stopped at the end. */
  readonly running: boolean;
  readonly say: (line: string) => void;
}

const customersPerHome = 50;
const skusMany = 24;
const unitPriceMinor = 1_250;
const unitsEach = 1_000_000;

/** @throws Error when there is no whole system to measure */
export async function openBench({ home, running, say }: OpenBenchOptions): Promise<BenchSystem> {
  const found = running ? await wholeSystemAt({ home, instances: 1 }) : undefined;
  if (running && found === undefined) throw new Error(`no whole system runs in ${home}: \`evenkeel up\` starts one`);
  if (found === undefined) say(`starting two regions in ${home}`);
  const system = found ?? (await startWholeSystem({ home, instances: 1 }));
  const stop = async (): Promise<void> => {
    if (found === undefined) await stopWholeSystem(home);
  };
  try {
    return await openOn(system, say, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openOn(system: WholeSystem, say: BenchSystem['say'], stop: () => Promise<void>): Promise<BenchSystem> {
  const { topology } = system;
  const shop = await Shop.open(system, 'bench');
  const { regions } = shop;
  const customers: BenchCustomer[] = [];
  for (let i = 0; i < customersPerHome; i++) for (const home of topology.homes) customers.push(await shop.customerOf(home));
  const skus = Array.from({ length: skusMany }, (_, i) => skuOf(shop.name(`sku-${i}`)));
  say(`listing ${skus.length} products`);
  const units = Object.fromEntries(regions.map((region) => [region, unitsEach]));
  await shop.stock(skus.map((sku) => ({ sku, unitPriceMinor, units })));
  const clusters = new Map(
    regions.map((region) => [region, connectKafkaCluster({ brokers: topology.regions[region]!.kafka.brokers, clientId: 'bench' })]),
  );
  const storefronts = Object.fromEntries(regions.map((region) => [region, shop.storefront(region)]));
  const close = async (): Promise<void> => {
    for (const cluster of clusters.values()) await cluster.close();
    await stop();
  };
  return { system, regions, shop, customers, skus, clusters, storefronts, say, close };
}
