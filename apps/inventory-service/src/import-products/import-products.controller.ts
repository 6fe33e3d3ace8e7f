import { Controller, HttpCode, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type BulkWriteAnswer, type ImportProductsBody, importProductsBodySchema } from '#contracts';
import { headerNames, IdempotencyKey, RequireRole, ZodBody } from '#service-kit';
import type { FastifyReply } from 'fastify';
import { ImportProductsRequest } from './import-products.command.ts';

@Controller('v1/products')
@RequireRole('operator')
export class ImportProductsController {
  readonly #commands: CommandBus;
  constructor(@Inject(CommandBus) commands: CommandBus) {
    this.#commands = commands;
  }

  @Post('import')
  @HttpCode(HttpStatus.OK)
  async import(
    @ZodBody(importProductsBodySchema) body: ImportProductsBody,
    @IdempotencyKey() idempotencyKey: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkWriteAnswer> {
    const answer = await this.#commands.execute(new ImportProductsRequest(idempotencyKey, body));
    void reply.header(headerNames.consistencyToken, answer.consistencyToken);
    return answer;
  }
}
