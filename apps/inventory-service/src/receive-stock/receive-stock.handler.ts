import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type BulkWriteAnswer, operationIdOf } from '#contracts';
import { CLOCK, type Clock, writeAnswer } from '#service-kit';
import { StockOperations } from '../stock-operation.ts';
import { ReceiveStockRequest } from './receive-stock.command.ts';

@CommandHandler(ReceiveStockRequest)
export class ReceiveStockHandler implements ICommandHandler<ReceiveStockRequest> {
  readonly #operations: StockOperations;
  readonly #clock: Clock;
  constructor(@Inject(StockOperations) operations: StockOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async execute({ idempotencyKey, body }: ReceiveStockRequest): Promise<BulkWriteAnswer> {
    const home = this.#operations.poolOf(body.region, 'region');
    const now = this.#clock();
    const correlation = operationIdOf('receipt', idempotencyKey);
    const writes = await this.#operations.decideAll(
      body.items.map(({ sku, quantity }, i) => ({
        home,
        idempotencyKey,
        correlation,
        field: `items[${i}]`,
        // One receipt per sku, for each is decided in its own shard.
        command: { type: 'ReceiveStock', receiptId: operationIdOf('rcp', idempotencyKey, sku), sku, quantity, now },
      })),
    );
    return { count: writes.length, ...writeAnswer(home, writes) };
  }
}
