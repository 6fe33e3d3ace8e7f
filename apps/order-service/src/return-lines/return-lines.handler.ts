import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { ReturnLinesAnswer } from '#contracts';
import { CLOCK, type Clock } from '#service-kit';
import { OrderOperations } from '../order-operation.ts';
import { ReturnLinesRequest } from './return-lines.command.ts';

@CommandHandler(ReturnLinesRequest)
export class ReturnLinesHandler implements ICommandHandler<ReturnLinesRequest> {
  readonly #operations: OrderOperations;
  readonly #clock: Clock;
  constructor(@Inject(OrderOperations) operations: OrderOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async execute({ orderId, customer, returnId, lines }: ReturnLinesRequest): Promise<ReturnLinesAnswer> {
    const command = { type: 'ReturnLines', orderId, returnId, lines, now: this.#clock() } as const;
    const answer = await this.#operations.decide({ customer, idempotencyKey: returnId, command });
    return { ...answer, returnId };
  }
}
