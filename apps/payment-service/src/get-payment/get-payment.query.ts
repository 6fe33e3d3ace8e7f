import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import { encodeToken, type OrderId, type PaymentAnswer, shardOf } from '#contracts';
import { READ_DATABASE } from '#projections';
import { PaymentEntity } from './payment.entity.ts';

export class GetPayment extends Query<PaymentAnswer | undefined> {
  readonly orderId: OrderId;
  constructor(orderId: OrderId) {
    super();
    this.orderId = orderId;
  }
}

@QueryHandler(GetPayment)
export class GetPaymentHandler implements IQueryHandler<GetPayment> {
  readonly #database: DataSource;
  constructor(@Inject(READ_DATABASE) database: DataSource) {
    this.#database = database;
  }

  async execute({ orderId }: GetPayment): Promise<PaymentAnswer | undefined> {
    const payment = await this.#database.manager.findOneBy(PaymentEntity, { orderId });
    if (payment === null) return undefined;
    const { shard, seq, requestedAt, ...fields } = payment;
    return {
      ...fields,
      homeRegion: shardOf(shard).home,
      requestedAt: requestedAt.toISOString(),
      consistencyToken: encodeToken({ [shard]: seq }),
    };
  }
}
