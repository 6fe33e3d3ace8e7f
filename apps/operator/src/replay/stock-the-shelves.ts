import { createHash } from 'node:crypto';
import { bulkItemsMax, type Topology } from '#contracts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { currencyOfFile, type ReplayPlan } from './plan.ts';
import type { Timings } from './timings.ts';

const bulkTimeoutMs = 60_000;
const atOnceMax = 2;

/**
 * Imports products and receives their stock. The keys are derived from the content, so that a second
 * run changes nothing, and another file on the same system is another delivery.
 */
export async function stockTheShelves(
  plan: Pick<ReplayPlan, 'products' | 'receipts'>,
  { client, topology, timings }: { readonly client: ApiClient; readonly topology: Topology; readonly timings: Timings },
): Promise<void> {
  const catalogue = storefrontsFrom(topology, topology.catalogue);
  const products = plan.products.map(({ sku, name, unitPriceMinor }) => ({
    sku,
    name: name.slice(0, 200),
    unitPriceMinor,
    currency: currencyOfFile,
  }));
  await inTurn(
    chunks(products, bulkItemsMax).map(
      (some) => () => timings.measure('import', () => client.post(catalogue, bulk('/v1/products/import', 'products', { products: some }))),
    ),
  );
  const regions = [...new Set(plan.receipts.map(({ region }) => region))];
  await inTurn(
    regions.flatMap((region) => {
      const items = plan.receipts.filter((receipt) => receipt.region === region).map(({ sku, quantity }) => ({ sku, quantity }));
      const targets = storefrontsFrom(topology, region);
      return chunks(items, bulkItemsMax).map(
        (some) => () =>
          timings.measure('receive', () => client.post(targets, bulk('/v1/stock/receipts', `stock-${region}`, { region, items: some }))),
      );
    }),
  );
}

function bulk(path: string, name: string, body: object): ApiRequest {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32);
  return { path, idempotencyKey: `replay-${name}-${digest}`, body, timeoutMs: bulkTimeoutMs };
}

function storefrontsFrom(topology: Topology, first: string): readonly [string, ...string[]] {
  const wanted = [first, ...Object.keys(topology.regions).filter((region) => region !== first)];
  return wanted.flatMap((region) => topology.regions[region]?.services.storefront.slice(0, 1) ?? []) as [string, ...string[]];
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** A bulk request is a thousand commands: a few at once are enough. */
async function inTurn(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = tasks.values();
  await Promise.all(
    Array.from({ length: atOnceMax }, async () => {
      for (const task of left) await task();
    }),
  );
}
