import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type AdjustStockAnswer, operationIdOf } from '#contracts';
import { CLOCK, type Clock, writeAnswer } from '#service-kit';
import { StockOperations } from '../stock-operation.ts';
import { AdjustStockRequest } from './adjust-stock.command.ts';

@CommandHandler(AdjustStockRequest)
export class AdjustStockHandler implements ICommandHandler<AdjustStockRequest> {
  readonly #operations: StockOperations;
  readonly #clock: Clock;
  constructor(@Inject(StockOperations) operations: StockOperations, @Inject(CLOCK) clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async execute({ idempotencyKey, body }: AdjustStockRequest): Promise<AdjustStockAnswer> {
    const { region, ...adjustment } = body;
    const home = this.#operations.poolOf(region, 'region');
    const adjustmentId = operationIdOf('adj', idempotencyKey, region);
    const command = { type: 'AdjustStock', adjustmentId, ...adjustment, now: this.#clock() } as const;
    const writes = await this.#operations.decideAll([{ home, idempotencyKey, correlation: adjustmentId, field: 'quantityDelta', command }]);
    return { adjustmentId, ...writeAnswer(home, writes) };
  }
}
