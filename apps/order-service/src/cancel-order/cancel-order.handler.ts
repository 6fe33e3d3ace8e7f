import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { OrderWriteAnswer } from '#contracts';
import { CLOCK, type Clock } from '#service-kit';
import { OrderOperations } from '../order-operation.ts';
import { CancelOrderRequest } from './cancel-order.command.ts';

@CommandHandler(CancelOrderRequest)
export class CancelOrderHandler implements ICommandHandler<CancelOrderRequest> {
  readonly #operations: OrderOperations;
  readonly #clock: Clock;
  constructor(@Inject(OrderOperations) operations: OrderOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  execute({ orderId, customer, idempotencyKey }: CancelOrderRequest): Promise<OrderWriteAnswer> {
    const command = { type: 'CancelOrder', orderId, reason: 'requested-by-customer', now: this.#clock() } as const;
    return this.#operations.decide({ customer, idempotencyKey, command });
  }
}
