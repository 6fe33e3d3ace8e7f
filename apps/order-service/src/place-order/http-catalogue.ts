/**
 * The catalogue as inventory-service of this region knows it, asked over HTTP: `POST /internal/prices {skus}`.
 *
 * Prices are remembered for `freshMs` (so an order may be placed at a price that was replaced that long ago), unknown skus never:
 * a product that was just imported can be ordered as soon as this region has projected it. What is ordered all the time is asked for
 * together: an ask takes along prices that have grown old and were used while they were fresh. Each ask is bounded, and goes to the next
 * instance when one cannot be reached.
 */
import { type InternalPricesAnswer, internalPricesPath, internalPricesAnswerSchema, pricesAlongMax, type Sku } from '#contracts';
import { problem } from '#service-kit';
import { attributeNames, currentTraceparent, spanNames, SpanKind, withSpan } from '#telemetry';
import type { Catalogue, CataloguePrice } from './catalogue.port.ts';

export interface HttpCatalogueOptions {
  /** Base URLs of inventory-service's instances in this region. */
  readonly inventoryUrls: readonly string[];
  readonly freshMs: number;
  readonly timeoutMs: number;
  /** Most skus that are remembered. */
  readonly rememberedMax: number;
  readonly nowMs?: () => number;
}

interface Remembered {
  readonly price: CataloguePrice;
  readonly untilMs: number;
  used: boolean;
}

export class HttpCatalogue implements Catalogue {
  readonly #options: HttpCatalogueOptions;
  readonly #nowMs: () => number;
  /** In the order in which they grow old. */
  readonly #remembered = new Map<Sku, Remembered>();
  #next = 0;

  constructor(options: HttpCatalogueOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  async pricesOf(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, CataloguePrice>> {
    const found = new Map<Sku, CataloguePrice>();
    const missing: Sku[] = [];
    const nowMs = this.#nowMs();
    for (const sku of skus) {
      const known = this.#remembered.get(sku);
      if (known === undefined || known.untilMs <= nowMs) missing.push(sku);
      else {
        known.used = true;
        found.set(sku, known.price);
      }
    }
    if (missing.length === 0) return found;
    const wanted = new Set(missing);
    for (const { sku, ...price } of await this.#ask([...new Set([...missing, ...this.#takeAlong(nowMs)])])) {
      if (wanted.has(sku)) found.set(sku, price);
      this.#remember(sku, price);
    }
    return found;
  }

  /** Forgets what has grown old, up to a number of those that were used: they are to be asked for anew. */
  #takeAlong(nowMs: number): readonly Sku[] {
    const along: Sku[] = [];
    for (const [sku, { untilMs, used }] of this.#remembered) {
      if (untilMs > nowMs || along.length === pricesAlongMax) break;
      this.#remembered.delete(sku);
      if (used) along.push(sku);
    }
    return along;
  }

  #remember(sku: Sku, price: CataloguePrice): void {
    this.#remembered.delete(sku);
    if (this.#remembered.size >= this.#options.rememberedMax) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(sku, { price, untilMs: this.#nowMs() + this.#options.freshMs, used: false });
  }

  async #ask(skus: readonly Sku[]): Promise<InternalPricesAnswer['prices']> {
    const { inventoryUrls, timeoutMs } = this.#options;
    let cause: unknown;
    for (const _url of inventoryUrls) {
      const url = inventoryUrls[this.#next++ % inventoryUrls.length]!;
      try {
        return await askOne(new URL(internalPricesPath, url), skus, timeoutMs);
      } catch (error) {
        cause = error; // the next instance is asked, and the last cause told
      }
    }
    throw problem('unavailable', { detail: 'The catalogue cannot be asked now.', headers: { 'retry-after': '1' }, cause });
  }
}

/** @throws whatever `fetch` throws, or that the answer is none */
function askOne(url: URL, skus: readonly Sku[], timeoutMs: number): Promise<InternalPricesAnswer['prices']> {
  const attributes = {
    [attributeNames.httpMethod]: 'POST',
    [attributeNames.serverAddress]: url.hostname,
    [attributeNames.serverPort]: Number(url.port),
    [attributeNames.urlFull]: url.href,
  };
  return withSpan(spanNames.httpClient('POST'), { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: currentTraceparent() },
      body: JSON.stringify({ skus }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    span.note({ attributes: { [attributeNames.httpStatus]: response.status } });
    if (response.ok) return internalPricesAnswerSchema.parse(await response.json()).prices;
    await response.body?.cancel();
    throw new Error(`inventory-service answered ${response.status}`);
  });
}
