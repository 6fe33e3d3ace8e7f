import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type BulkWriteAnswer, type ReceiveStockBody, receiveStockBodySchema } from '#contracts';
import { headerNames, IdempotencyKey, RequireRole, ZodBody } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { ReceiveStockRequest } from './receive-stock.command.ts';

@Controller('v1/stock')
@RequireRole('operator')
export class ReceiveStockController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post('receipts')
  @HttpCode(HttpStatus.OK)
  async receive(
    @ZodBody(receiveStockBodySchema) body: ReceiveStockBody,
    @IdempotencyKey() idempotencyKey: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkWriteAnswer> {
    const answer = await this.#commands.execute(new ReceiveStockRequest(idempotencyKey, body));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
