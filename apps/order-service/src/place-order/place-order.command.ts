import { Command } from '@nestjs/cqrs';
import type { CustomerId, PlaceOrderAnswer, PlaceOrderBody } from '#contracts';
import type { Preferences } from '#service-kit';

export interface PlacedOrder {
  /** False: an earlier request with this key placed it. */
  readonly placedNow: boolean;
  readonly answer: PlaceOrderAnswer;
}

/** The customer's wish; `PlaceOrder` of the contracts is what the shard's writer is sent, with prices and the time. */
export class PlaceOrderRequest extends Command<PlacedOrder> {
  readonly customer: CustomerId;
  readonly idempotencyKey: string;
  readonly body: PlaceOrderBody;
  readonly prefer: Preferences;
  constructor(customer: CustomerId, idempotencyKey: string, body: PlaceOrderBody, prefer: Preferences) {
    super();
    this.customer = customer;
    this.idempotencyKey = idempotencyKey;
    this.body = body;
    this.prefer = prefer;
  }
}
