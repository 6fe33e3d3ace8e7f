import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ProductRead, ShardId, Sku } from '#contracts';
import { bigintAsNumber } from '#projections';

/** A row of `product`, for queries: only the projection writes it. */
@Entity({ name: 'product' })
export class ProductEntity {
  @PrimaryColumn({ type: 'text' })
  sku!: Sku;
  @Column({ type: 'text' })
  shard!: ShardId;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  seq!: number;
  @Column({ type: 'text' })
  name!: string;
  @Column({ name: 'unit_price_minor', type: 'bigint', transformer: bigintAsNumber })
  unitPriceMinor!: number;
  @Column({ type: 'text' })
  currency!: string;
  @Column({ name: 'changed_at', type: 'timestamptz' })
  changedAt!: Date;
}

export const productReadOf = ({ sku, name, unitPriceMinor, currency }: ProductEntity): ProductRead => ({
  sku,
  name,
  unitPriceMinor,
  currency,
});
