import { Command } from '@nestjs/cqrs';
import type { AdjustStockAnswer, AdjustStockBody } from '#contracts';

export class AdjustStockRequest extends Command<AdjustStockAnswer> {
  readonly idempotencyKey: string;
  readonly body: AdjustStockBody;
  constructor(idempotencyKey: string, body: AdjustStockBody) {
    super();
    this.idempotencyKey = idempotencyKey;
    this.body = body;
  }
}
