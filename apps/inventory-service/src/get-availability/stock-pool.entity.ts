import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Region, ShardId, Sku } from '#contracts';
import { bigintAsNumber } from '#projections';

/** A row of `stock_pool`, for queries: only the projection writes it. */
@Entity({ name: 'stock_pool' })
export class StockPoolEntity {
  @PrimaryColumn({ type: 'text' })
  sku!: Sku;
  @PrimaryColumn({ type: 'text' })
  home!: Region;
  @Column({ type: 'text' })
  shard!: ShardId;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  seq!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  available!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  reserved!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  shipped!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  received!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  adjusted!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  sent!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  arrived!: number;
}
