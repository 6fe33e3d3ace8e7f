import type { FieldError, OrderLine, PlaceOrderBody, Sku } from '#contracts';
import { problem } from '#service-kit';
import type { Catalogue, CataloguePrice } from './catalogue.port.ts';

export interface PricedOrder {
  readonly currency: string;
  readonly lines: OrderLine[];
}

/**
 * The wanted lines with names and prices from the catalogue; an importer's own price replaces the catalogue's.
 * @throws ProblemError `unknown-sku`, `currency-mismatch`, each naming its fields
 */
export async function pricedOrder(body: PlaceOrderBody, catalogue: Catalogue): Promise<PricedOrder> {
  const prices = await catalogue.pricesOf([...new Set(body.lines.map((line) => line.sku))]);
  const unknown = body.lines.flatMap(({ sku }, i): FieldError[] =>
    prices.has(sku) ? [] : [{ field: `lines[${i}].sku`, message: `${sku} is not in the catalogue` }],
  );
  if (unknown.length > 0) throw problem('unknown-sku', { errors: unknown });
  const priceOf = (sku: Sku): CataloguePrice => prices.get(sku)!;
  const currency = body.currency ?? priceOf(body.lines[0]!.sku).currency;
  const otherwise = body.lines.flatMap(({ sku }, i): FieldError[] => {
    const found = priceOf(sku).currency;
    return found === currency ? [] : [{ field: `lines[${i}].sku`, message: `${sku} is priced in ${found}, not in ${currency}` }];
  });
  if (otherwise.length > 0) throw problem('currency-mismatch', { errors: otherwise });
  const lines = body.lines.map(({ sku, quantity, unitPriceMinor }, i): OrderLine => {
    const price = priceOf(sku);
    return { lineNumber: i + 1, sku, name: price.name, quantity, unitPriceMinor: unitPriceMinor ?? price.unitPriceMinor };
  });
  return { currency, lines };
}
