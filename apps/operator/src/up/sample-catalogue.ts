import { setTimeout as wait } from 'node:timers/promises';
import type { ImportProductsBody, ReceiveStockBody, Region } from '#contracts';

/** A small shop to try things with. Loaded under fixed idempotency keys, so that every later start finds it loaded. */
const products = [
  { sku: 'TEA-EARL-GREY', name: 'Earl Grey, 250 g', unitPriceMinor: 895 },
  { sku: 'TEA-ASSAM', name: 'Assam, 250 g', unitPriceMinor: 795 },
  { sku: 'POT-BLUE', name: 'Teapot, blue, 1 l', unitPriceMinor: 2450 },
  { sku: 'CUP-BLUE', name: 'Cup and saucer, blue', unitPriceMinor: 650 },
  { sku: 'TIN-RED', name: 'Tea tin, red', unitPriceMinor: 425 },
  { sku: 'BISCUIT-GINGER', name: 'Ginger biscuits, 200 g', unitPriceMinor: 320 },
] as const;

export const sampleSkus = products.map(({ sku }) => sku);
const currency = 'GBP';
const unitsPerRegion = 1000;
const deadlineMs = 30_000;
const retryMs = 500;
const requestTimeoutMs = 20_000;

export interface SampleOptions {
  /** Base URL of a storefront. */
  readonly storefront: string;
  readonly regions: readonly Region[];
  readonly operatorToken: string;
  readonly signal: AbortSignal;
}

/** Loads the catalogue through the public API, as an operator would. @throws Error with the API's problem */
export async function loadSampleCatalogue(options: SampleOptions): Promise<void> {
  const list = { products: products.map((product) => ({ ...product, currency })) } as unknown as ImportProductsBody;
  await post(options, '/v1/products/import', 'sample-catalogue', list);
  for (const region of options.regions) {
    const receipt = { region, items: products.map(({ sku }) => ({ sku, quantity: unitsPerRegion })) } as unknown as ReceiveStockBody;
    await post(options, '/v1/stock/receipts', `sample-stock-${region}`, receipt);
  }
}

/** Asks until it is answered for good: 503 and 504 say that nothing is known, and the key makes asking again safe. */
async function post({ storefront, operatorToken, signal }: SampleOptions, path: string, key: string, body: unknown): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const failure = await postOnce(`${storefront}${path}`, { authorization: `Bearer ${operatorToken}`, 'idempotency-key': key }, body);
    if (failure === undefined) return;
    signal.throwIfAborted();
    if (!failure.mayPass || performance.now() > deadline)
      throw new Error(`the sample catalogue could not be loaded: POST ${path}: ${failure.what}`);
    await wait(retryMs, undefined, { signal });
  }
}

async function postOnce(
  url: string,
  headers: Record<string, string>,
  body: unknown,
): Promise<{ what: string; mayPass: boolean } | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const text = await response.text();
    return response.ok
      ? undefined
      : { what: `${response.status} ${text.slice(0, 500)}`, mayPass: response.status >= 502 && response.status <= 504 };
  } catch (error) {
    return { what: error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error), mayPass: true };
  }
}
