import type { OrderId, Region, ShardId, Sku, SkuQuantity } from '#contracts';

/** One transfer that is not yet known to be asked, answered and received. */
export interface OpenTransfer {
  readonly transferId: string;
  readonly asked: { readonly by: ShardId; readonly sku: Sku; readonly quantity: number; readonly from: Region } | undefined;
  /** Units sent, 0 when refused; undefined while the sender has not decided. */
  readonly sent: number | undefined;
  readonly received: boolean;
}

export interface TransfersState {
  readonly orderId: OrderId;
  /** In order of id. */
  readonly open: readonly OpenTransfer[];
  /** Lines of the waiting parts of the reservation, by the asking shard, while it has open transfers. */
  readonly lines: Readonly<Record<ShardId, readonly SkuQuantity[]>>;
}
