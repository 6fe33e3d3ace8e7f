import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type CustomerId, type OrderId, orderIdSchema, type ShipLinesAnswer, type ShipLinesBody, shipLinesBodySchema } from '#contracts';
import { type Caller, CallerParam, headerNames, IdempotencyKey, OnBehalfOf, RequireRole, ZodBody, ZodParam } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { ownerOf } from '../order-operation.ts';
import { ShipLinesRequest } from './ship-lines.command.ts';

@Controller('v1/orders')
export class ShipLinesController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post(':orderId/shipments')
  @RequireRole('operator')
  @HttpCode(HttpStatus.OK)
  async ship(
    @ZodParam('orderId', orderIdSchema) orderId: OrderId,
    @ZodBody(shipLinesBodySchema) body: ShipLinesBody,
    @IdempotencyKey() shipmentId: string,
    @CallerParam() caller: Caller,
    @OnBehalfOf() onBehalfOf: CustomerId | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShipLinesAnswer> {
    const customer = ownerOf(orderId, caller, onBehalfOf);
    const answer = await this.#commands.execute(new ShipLinesRequest(orderId, customer, shipmentId, body.lines));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
