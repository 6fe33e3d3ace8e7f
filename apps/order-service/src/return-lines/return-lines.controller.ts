import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  type CustomerId,
  type OrderId,
  orderIdSchema,
  type ReturnLinesAnswer,
  type ReturnLinesBody,
  returnLinesBodySchema,
} from '#contracts';
import { type Caller, CallerParam, headerNames, IdempotencyKey, OnBehalfOf, ZodBody, ZodParam } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { ownerOf } from '../order-operation.ts';
import { ReturnLinesRequest } from './return-lines.command.ts';

@Controller('v1/orders')
export class ReturnLinesController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post(':orderId/returns')
  @HttpCode(HttpStatus.OK)
  async takeBack(
    @ZodParam('orderId', orderIdSchema) orderId: OrderId,
    @ZodBody(returnLinesBodySchema) body: ReturnLinesBody,
    @IdempotencyKey() returnId: string,
    @CallerParam() caller: Caller,
    @OnBehalfOf() onBehalfOf: CustomerId | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReturnLinesAnswer> {
    const customer = ownerOf(orderId, caller, onBehalfOf);
    const answer = await this.#commands.execute(new ReturnLinesRequest(orderId, customer, returnId, body.lines));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
