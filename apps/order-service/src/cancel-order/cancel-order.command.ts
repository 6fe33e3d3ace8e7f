import { Command } from '@nestjs/cqrs';
import type { CustomerId, OrderId, OrderWriteAnswer } from '#contracts';

export class CancelOrderRequest extends Command<OrderWriteAnswer> {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly idempotencyKey: string;
  constructor(orderId: OrderId, customer: CustomerId, idempotencyKey: string) {
    super();
    this.orderId = orderId;
    this.customer = customer;
    this.idempotencyKey = idempotencyKey;
  }
}
