import type { Sku, SkuQuantity } from '#contracts';

/** Bound of `quantitySchema`: what one line of an event can carry. */
export const quantityMax = 1_000_000;

const remembered = new WeakMap<readonly SkuQuantity[], ReadonlyMap<Sku, number>>();
/** Fewer lines are added up again for less than a memory costs, of which every entry is looked at whenever garbage is collected. */
const rememberedFrom = 16;

/**
 * Quantity by sku, equal skus added up, in order of first appearance. Remembered per array of many, because every pool that an event
 * changes asks the same event: a reservation of n lines stays linear in n.
 */
export function quantityBySku(lines: readonly SkuQuantity[]): ReadonlyMap<Sku, number> {
  const known = lines.length < rememberedFrom ? undefined : remembered.get(lines);
  if (known !== undefined) return known;
  const sums = new Map<Sku, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  if (lines.length >= rememberedFrom) remembered.set(lines, sums);
  return sums;
}

export const toLines = (quantities: ReadonlyMap<Sku, number>): SkuQuantity[] =>
  [...quantities].map(([sku, quantity]) => ({ sku, quantity }));

/** `lines` plus `sign` times `moved`; what reaches 0 is left out. */
export function moveLines(lines: readonly SkuQuantity[], moved: readonly SkuQuantity[], sign: 1 | -1): readonly SkuQuantity[] {
  const sums = new Map(quantityBySku(lines));
  for (const [sku, quantity] of quantityBySku(moved)) {
    const sum = (sums.get(sku) ?? 0) + sign * quantity;
    if (sum === 0) sums.delete(sku);
    else sums.set(sku, sum);
  }
  return toLines(sums);
}
