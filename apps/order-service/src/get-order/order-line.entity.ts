import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrderId, Sku } from '#contracts';
import { bigintAsNumber } from '#projections';

/** A row of `order_line`, for queries: only the projection writes it. */
@Entity({ name: 'order_line' })
export class OrderLineEntity {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: OrderId;
  @PrimaryColumn({ name: 'line_number', type: 'int' })
  lineNumber!: number;
  @Column({ type: 'text' })
  sku!: Sku;
  @Column({ type: 'text' })
  name!: string;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  quantity!: number;
  @Column({ name: 'unit_price_minor', type: 'bigint', transformer: bigintAsNumber })
  unitPriceMinor!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  shipped!: number;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  returned!: number;
}
