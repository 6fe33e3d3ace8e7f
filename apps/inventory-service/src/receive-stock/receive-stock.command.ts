import { Command } from '@nestjs/cqrs';
import type { BulkWriteAnswer, ReceiveStockBody } from '#contracts';

export class ReceiveStockRequest extends Command<BulkWriteAnswer> {
  readonly idempotencyKey: string;
  readonly body: ReceiveStockBody;
  constructor(idempotencyKey: string, body: ReceiveStockBody) {
    super();
    this.idempotencyKey = idempotencyKey;
    this.body = body;
  }
}
