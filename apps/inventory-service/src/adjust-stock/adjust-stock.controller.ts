import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type AdjustStockAnswer, type AdjustStockBody, adjustStockBodySchema } from '#contracts';
import { headerNames, IdempotencyKey, RequireRole, ZodBody } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { AdjustStockRequest } from './adjust-stock.command.ts';

@Controller('v1/stock')
@RequireRole('operator')
export class AdjustStockController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post('adjustments')
  @HttpCode(HttpStatus.OK)
  async adjust(
    @ZodBody(adjustStockBodySchema) body: AdjustStockBody,
    @IdempotencyKey() idempotencyKey: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdjustStockAnswer> {
    const answer = await this.#commands.execute(new AdjustStockRequest(idempotencyKey, body));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
