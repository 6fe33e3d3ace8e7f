import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { ShipLinesAnswer } from '#contracts';
import { CLOCK, type Clock } from '#service-kit';
import { OrderOperations } from '../order-operation.ts';
import { ShipLinesRequest } from './ship-lines.command.ts';

@CommandHandler(ShipLinesRequest)
export class ShipLinesHandler implements ICommandHandler<ShipLinesRequest> {
  readonly #operations: OrderOperations;
  readonly #clock: Clock;
  constructor(@Inject(OrderOperations) operations: OrderOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async execute({ orderId, customer, shipmentId, lines }: ShipLinesRequest): Promise<ShipLinesAnswer> {
    const command = { type: 'ShipLines', orderId, shipmentId, lines, now: this.#clock() } as const;
    const answer = await this.#operations.decide({ customer, idempotencyKey: shipmentId, command });
    return { ...answer, shipmentId };
  }
}
