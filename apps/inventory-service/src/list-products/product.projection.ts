import { assertNever } from '#kernel';
import type { InventoryEvent } from '#contracts';
import { rowProjection, storedInstant } from '#projections';

export interface ProductRow {
  readonly sku: string;
  readonly shard: string;
  readonly seq: number;
  readonly name: string;
  readonly unit_price_minor: number;
  readonly currency: string;
  readonly changed_at: string;
}

type ProductEvent = Extract<InventoryEvent, { type: `Product${string}` }>;
const isAboutProduct = (event: InventoryEvent): event is ProductEvent =>
  event.type === 'ProductListed' || event.type === 'ProductRenamed' || event.type === 'ProductRepriced';

export const productsProjection = rowProjection<InventoryEvent, ProductRow, 'sku'>({
  name: 'products',
  version: 1,
  table: 'product',
  columns: {
    sku: 'text',
    shard: 'text',
    seq: 'bigint',
    name: 'text',
    unit_price_minor: 'bigint',
    currency: 'text',
    changed_at: 'timestamptz',
  },
  key: ['sku'],
  changes: ({ shard, seq, event }) =>
    isAboutProduct(event) ? [{ key: { sku: event.sku }, fold: (row) => productAfter(row, event, shard, seq) }] : [],
});

function productAfter(row: ProductRow | undefined, event: ProductEvent, shard: string, seq: number): ProductRow | undefined {
  switch (event.type) {
    case 'ProductListed': {
      const { sku, name, unitPriceMinor, currency } = event;
      return { sku, shard, seq, name, unit_price_minor: unitPriceMinor, currency, changed_at: storedInstant(event.listedAt) };
    }
    case 'ProductRenamed':
      return row && { ...row, shard, seq, name: event.name, changed_at: storedInstant(event.renamedAt) };
    case 'ProductRepriced':
      return (
        row && {
          ...row,
          shard,
          seq,
          unit_price_minor: event.unitPriceMinor,
          currency: event.currency,
          changed_at: storedInstant(event.repricedAt),
        }
      );
    default:
      return assertNever(event);
  }
}
