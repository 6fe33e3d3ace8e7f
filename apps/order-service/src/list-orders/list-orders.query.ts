import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import { type CustomerId, encodeToken, homeOf, type ListOrdersQuery, type OrderListAnswer, type Topology } from '#contracts';
import { decodeCursor, encodeCursor, inReadSnapshot, progressOfHome, READ_DATABASE } from '#projections';
import { TOPOLOGY } from '#service-kit';
import { z } from 'zod';
import { orderSummaryOf } from '../get-order/order-summary.ts';
import { OrderEntity } from '../get-order/order.entity.ts';

export class ListOrders extends Query<OrderListAnswer> {
  readonly customer: CustomerId;
  readonly query: ListOrdersQuery;
  constructor(customer: CustomerId, query: ListOrdersQuery) {
    super();
    this.customer = customer;
    this.query = query;
  }
}

/** Where a page ended: the next one begins behind it, whatever was placed meanwhile. */
const cursorSchema = z.tuple([z.iso.datetime(), z.string()]);

@QueryHandler(ListOrders)
export class ListOrdersHandler implements IQueryHandler<ListOrders> {
  readonly #database: DataSource;
  readonly #topology: Topology;
  constructor(@Inject(READ_DATABASE) database: DataSource, @Inject(TOPOLOGY) topology: Topology) {
    this.#database = database;
    this.#topology = topology;
  }

  async execute({ customer, query }: ListOrders): Promise<OrderListAnswer> {
    const after = query.cursor === undefined ? undefined : decodeCursor(cursorSchema, query.cursor);
    return inReadSnapshot(this.#database, async (manager) => {
      const select = manager.createQueryBuilder(OrderEntity, 'o').where('o.customer_id = :customer', { customer });
      if (query.status !== undefined) select.andWhere('o.status = :status', { status: query.status });
      if (after !== undefined) select.andWhere('(o.placed_at, o.order_id) < (:at::timestamptz, :id)', { at: after[0], id: after[1] });
      const found = await select
        .orderBy('o.placedAt', 'DESC')
        .addOrderBy('o.orderId', 'DESC')
        .limit(query.limit + 1)
        .getMany();
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      return {
        orders: page.map(orderSummaryOf),
        nextCursor: found.length > page.length && last !== undefined ? encodeCursor([last.placedAt.toISOString(), last.orderId]) : null,
        consistencyToken: encodeToken(await progressOfHome(manager, 'order', homeOf(this.#topology, customer))),
      };
    });
  }
}
