import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type BulkWriteAnswer, operationIdOf } from '#contracts';
import { CLOCK, type Clock, writeAnswer } from '#service-kit';
import { StockOperations } from '../stock-operation.ts';
import { ImportProductsRequest } from './import-products.command.ts';

@CommandHandler(ImportProductsRequest)
export class ImportProductsHandler implements ICommandHandler<ImportProductsRequest> {
  readonly #operations: StockOperations;
  readonly #clock: Clock;
  constructor(@Inject(StockOperations) operations: StockOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async execute({ idempotencyKey, body }: ImportProductsRequest): Promise<BulkWriteAnswer> {
    const home = this.#operations.catalogueHome;
    const now = this.#clock();
    const correlation = operationIdOf('import', idempotencyKey);
    const writes = await this.#operations.decideAll(
      body.products.map((product, i) => ({
        home,
        idempotencyKey,
        correlation,
        field: `products[${i}]`,
        command: { type: 'ListProduct', ...product, now },
      })),
    );
    return { count: writes.length, ...writeAnswer(home, writes) };
  }
}
