import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CustomerId, OrderId, PaymentStatus, ShardId } from '#contracts';
import { bigintAsNumber } from '#projections';

/** A row of `payment`, for queries: only the projection writes it. */
@Entity({ name: 'payment' })
export class PaymentEntity {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: OrderId;
  @Column({ type: 'text' })
  shard!: ShardId;
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  seq!: number;
  @Column({ name: 'customer_id', type: 'text' })
  customerId!: CustomerId;
  @Column({ type: 'text' })
  currency!: string;
  @Column({ type: 'text' })
  status!: PaymentStatus;
  @Column({ name: 'requested_minor', type: 'bigint', transformer: bigintAsNumber })
  requestedMinor!: number;
  @Column({ name: 'authorized_minor', type: 'bigint', transformer: bigintAsNumber })
  authorizedMinor!: number;
  @Column({ name: 'captured_minor', type: 'bigint', transformer: bigintAsNumber })
  capturedMinor!: number;
  @Column({ name: 'refunded_minor', type: 'bigint', transformer: bigintAsNumber })
  refundedMinor!: number;
  @Column({ name: 'captures_outstanding', type: 'int' })
  capturesOutstanding!: number;
  @Column({ name: 'refunds_outstanding', type: 'int' })
  refundsOutstanding!: number;
  @Column({ name: 'captures_refused', type: 'int' })
  capturesRefused!: number;
  @Column({ name: 'refunds_refused', type: 'int' })
  refundsRefused!: number;
  @Column({ name: 'decline_reason', type: 'text', nullable: true })
  declineReason!: string | null;
  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;
}
