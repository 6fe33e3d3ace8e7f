import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CancelReason, CustomerId, OrderId, OrderStatus, ShardId, Surcharge } from '#contracts';
import { bigintAsNumber } from '#projections';

/** A row of `orders`, for queries: only the projection writes it. */
@Entity({ name: 'orders' })
export class OrderEntity {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: OrderId;
  @Column({ type: 'text' })
  shard!: ShardId;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  seq!: number;
  @Column({ name: 'customer_id', type: 'text' })
  customerId!: CustomerId;
  @Column({ type: 'text' })
  status!: OrderStatus;
  @Column({ type: 'text' })
  currency!: string;
  @Column({ name: 'total_minor', type: 'bigint', transformer: bigintAsNumber })
  totalMinor!: number;
  @Column({ type: 'jsonb' })
  surcharges!: Surcharge[];
  @Column({ name: 'shipped_minor', type: 'bigint', transformer: bigintAsNumber })
  shippedMinor!: number;
  @Column({ name: 'returned_minor', type: 'bigint', transformer: bigintAsNumber })
  returnedMinor!: number;
  @Column({ name: 'units_ordered', type: 'bigint', transformer: bigintAsNumber })
  unitsOrdered!: number;
  @Column({ name: 'units_shipped', type: 'bigint', transformer: bigintAsNumber })
  unitsShipped!: number;
  @Column({ name: 'units_returned', type: 'bigint', transformer: bigintAsNumber })
  unitsReturned!: number;
  @Column({ name: 'placed_at', type: 'timestamptz' })
  placedAt!: Date;
  @Column({ name: 'confirmed_at', type: 'timestamptz', nullable: true })
  confirmedAt!: Date | null;
  @Column({ name: 'cancelled_at', type: 'timestamptz', nullable: true })
  cancelledAt!: Date | null;
  @Column({ name: 'cancel_reason', type: 'text', nullable: true })
  cancelReason!: CancelReason | null;
}
