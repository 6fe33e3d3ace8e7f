/**
 * The catalogue as inventory-service of this region knows it, asked over HTTP: `POST /internal/prices {skus}`.
 *
 * Prices are remembered for `freshMs` (so an order may be placed at a price that was replaced that long ago), unknown skus never:
 * a product that was just imported can be ordered as soon as this region has projected it. What is in use is asked for together, before it
 * grows old (`keepFresh`): an order that waited for its prices would wait a fifth of what it needs to settle. Each ask is bounded, and goes
 * to the next instance when one cannot be reached.
 */
import { type InternalPricesAnswer, internalPricesPath, internalPricesAnswerSchema, type Sku } from '#contracts';
import { problem } from '#service-kit';
import { postJson } from '#service-kit/post-json';
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
  usedAtMs: number;
}

/** What was ordered within this time is kept fresh: long enough for a shop that sells little, bounded for one that has many products. */
const inUseMs = 60_000;
/** Most prices that one ask keeps fresh: so many every second, of a shop that sells more at a time orders ask for the rest. */
const pricesTogetherMax = 100;

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
      if (known !== undefined) known.usedAtMs = nowMs;
      if (known === undefined || known.untilMs <= nowMs) missing.push(sku);
      else found.set(sku, known.price);
    }
    if (missing.length === 0) return found;
    for (const [sku, price] of await this.#refreshed(missing, nowMs)) found.set(sku, price);
    return found;
  }

  /** Of the time for which a price is fresh: within it `keepFresh` wants to be called twice. */
  get keepFreshEveryMs(): number {
    return this.#options.freshMs / 2;
  }

  /** Asks for what is in use and will be old soon after the next call, and forgets what is old. Never rejects: who needs a price asks, and is told. */
  async keepFresh(): Promise<void> {
    const nowMs = this.#nowMs();
    const untilMs = nowMs + this.keepFreshEveryMs * 1.5;
    const due: Sku[] = [];
    for (const [sku, remembered] of this.#remembered) {
      if (remembered.untilMs > untilMs || due.length === pricesTogetherMax) break;
      if (remembered.usedAtMs > nowMs - inUseMs) due.push(sku);
      else if (remembered.untilMs <= nowMs) this.#remembered.delete(sku);
    }
    if (due.length > 0) await this.#refreshed(due).catch(() => undefined);
  }

  async #refreshed(skus: readonly Sku[], usedAtMs?: number): Promise<ReadonlyMap<Sku, CataloguePrice>> {
    const prices = new Map((await this.#ask([...new Set(skus)])).map(({ sku, ...price }) => [sku, price]));
    for (const [sku, price] of prices) this.#remember(sku, price, usedAtMs ?? this.#remembered.get(sku)?.usedAtMs ?? 0);
    return prices;
  }

  #remember(sku: Sku, price: CataloguePrice, usedAtMs: number): void {
    this.#remembered.delete(sku);
    if (this.#remembered.size >= this.#options.rememberedMax) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(sku, { price, untilMs: this.#nowMs() + this.#options.freshMs, usedAtMs });
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

/** Two thousand lines, with names and prices, are some 500 kB. */
const answerBytesMax = 4 * 1024 * 1024;

/** @throws Error when the instance gives no answer, or one that is none */
function askOne(url: URL, skus: readonly Sku[], timeoutMs: number): Promise<InternalPricesAnswer['prices']> {
  const attributes = {
    [attributeNames.httpMethod]: 'POST',
    [attributeNames.serverAddress]: url.hostname,
    [attributeNames.serverPort]: Number(url.port),
    [attributeNames.urlFull]: url.href,
  };
  return withSpan(spanNames.httpClient('POST'), { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const headers = { traceparent: currentTraceparent() };
    const { status, text } = await postJson({ url, headers, body: JSON.stringify({ skus }), timeoutMs, answerBytesMax });
    span.note({ attributes: { [attributeNames.httpStatus]: status } });
    if (status === 200) return internalPricesAnswerSchema.parse(JSON.parse(text)).prices;
    throw new Error(`inventory-service answered ${status}`);
  });
}
