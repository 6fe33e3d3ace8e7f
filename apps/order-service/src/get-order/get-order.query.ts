import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import { encodeToken, type OrderAnswer, type OrderId } from '#contracts';
import { inReadSnapshot, READ_DATABASE } from '#projections';
import { OrderLineEntity } from './order-line.entity.ts';
import { orderSummaryOf } from './order-summary.ts';
import { OrderEntity } from './order.entity.ts';

export class GetOrder extends Query<OrderAnswer | undefined> {
  readonly orderId: OrderId;
  constructor(orderId: OrderId) {
    super();
    this.orderId = orderId;
  }
}

@QueryHandler(GetOrder)
export class GetOrderHandler implements IQueryHandler<GetOrder> {
  readonly #database: DataSource;
  constructor(@Inject(READ_DATABASE) database: DataSource) {
    this.#database = database;
  }

  async execute({ orderId }: GetOrder): Promise<OrderAnswer | undefined> {
    return inReadSnapshot(this.#database, async (manager) => {
      const order = await manager.findOneBy(OrderEntity, { orderId });
      if (order === null) return undefined;
      const lines = await manager.find(OrderLineEntity, { where: { orderId }, order: { lineNumber: 'ASC' } });
      return {
        ...orderSummaryOf(order),
        lines: lines.map(({ lineNumber, sku, name, quantity, unitPriceMinor, shipped, returned }) => ({
          lineNumber,
          sku,
          name,
          quantity,
          unitPriceMinor,
          shipped,
          returned,
        })),
        surcharges: order.surcharges,
        consistencyToken: encodeToken({ [order.shard]: order.seq }),
      };
    });
  }
}
