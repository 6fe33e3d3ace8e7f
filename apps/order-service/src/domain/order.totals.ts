import type { OrderLine, Sku, Surcharge } from '#contracts';
import type { OrderRefusal } from './order.refusals.ts';

/** Bounds of `amountMinorSchema` and `quantitySchema`: what an event can carry. Sums below them are exact. */
export const totalMinorMax = 1_000_000_000_000;
export const quantityMax = 1_000_000;

/** Sum of lines and surcharges, or undefined when it is above the bound. Exact: no product is formed that could be inexact. */
export function totalMinorOf(lines: readonly OrderLine[], surcharges: readonly Surcharge[]): number | undefined {
  let totalMinor = 0;
  for (const { quantity, unitPriceMinor } of lines) {
    if (unitPriceMinor > Math.floor(totalMinorMax / quantity)) return undefined;
    totalMinor += quantity * unitPriceMinor;
    if (totalMinor > totalMinorMax) return undefined;
  }
  for (const { amountMinor } of surcharges) {
    totalMinor += amountMinor;
    if (totalMinor > totalMinorMax) return undefined;
  }
  return totalMinor;
}

/** What makes lines impossible as a whole although each is fine, or undefined. */
export function refusalOfLines(lines: readonly OrderLine[]): OrderRefusal | undefined {
  const numbers = new Set<number>();
  const quantities = new Map<Sku, number>();
  for (const { lineNumber, sku, quantity } of lines) {
    if (numbers.has(lineNumber)) return { code: 'line-number-repeated', lineNumber };
    numbers.add(lineNumber);
    // Lines of one sku are reserved as one quantity, which must fit the inventory's events.
    const sum = (quantities.get(sku) ?? 0) + quantity;
    if (sum > quantityMax) return { code: 'quantity-too-large', sku, quantityMax };
    quantities.set(sku, sum);
  }
  return undefined;
}
