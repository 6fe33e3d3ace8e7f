import { Command } from '@nestjs/cqrs';
import type { BulkWriteAnswer, ImportProductsBody } from '#contracts';

export class ImportProductsRequest extends Command<BulkWriteAnswer> {
  readonly idempotencyKey: string;
  readonly body: ImportProductsBody;
  constructor(idempotencyKey: string, body: ImportProductsBody) {
    super();
    this.idempotencyKey = idempotencyKey;
    this.body = body;
  }
}
