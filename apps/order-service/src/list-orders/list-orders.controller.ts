import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type CustomerId, type ListOrdersQuery, listOrdersQuerySchema, type OrderListAnswer } from '#contracts';
import { ConsistentReads } from '#projections';
import { type Caller, CallerParam, mayActForOthers, OnBehalfOf, problem, ZodQuery } from '#service-kit';
import { ListOrders } from './list-orders.query.ts';

@Controller('v1/orders')
@UseInterceptors(ConsistentReads)
export class ListOrdersController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get()
  async list(
    @ZodQuery(listOrdersQuerySchema) query: ListOrdersQuery,
    @CallerParam() caller: Caller,
    @OnBehalfOf() onBehalfOf: CustomerId | undefined,
  ): Promise<OrderListAnswer> {
    const customer = mayActForOthers(caller) ? (onBehalfOf ?? caller.customerId) : caller.customerId;
    if (customer === undefined)
      throw problem('invalid-request', { errors: [{ field: 'Evenkeel-Customer', message: 'is required: whose orders?' }] });
    return this.#queries.execute(new ListOrders(customer, query));
  }
}
