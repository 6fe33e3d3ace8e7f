import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type CustomerId, type OrderId, orderIdSchema, type OrderWriteAnswer } from '#contracts';
import { type Caller, CallerParam, headerNames, IdempotencyKey, OnBehalfOf, ZodParam } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { ownerOf } from '../order-operation.ts';
import { CancelOrderRequest } from './cancel-order.command.ts';

@Controller('v1/orders')
export class CancelOrderController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post(':orderId/cancellation')
  @HttpCode(HttpStatus.OK)
  async cancel(
    @ZodParam('orderId', orderIdSchema) orderId: OrderId,
    @IdempotencyKey() idempotencyKey: string,
    @CallerParam() caller: Caller,
    @OnBehalfOf() onBehalfOf: CustomerId | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderWriteAnswer> {
    const answer = await this.#commands.execute(new CancelOrderRequest(orderId, ownerOf(orderId, caller, onBehalfOf), idempotencyKey));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
