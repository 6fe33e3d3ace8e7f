import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type OrderAnswer, type OrderId, orderIdSchema } from '#contracts';
import { ConsistentReads } from '#projections';
import { type Caller, CallerParam, mayActForOthers, problem, ZodParam } from '#service-kit';
import { GetOrder } from './get-order.query.ts';

@Controller('v1/orders')
@UseInterceptors(ConsistentReads)
export class GetOrderController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get(':orderId')
  async get(@ZodParam('orderId', orderIdSchema) orderId: OrderId, @CallerParam() caller: Caller): Promise<OrderAnswer> {
    const order = await this.#queries.execute(new GetOrder(orderId));
    // Somebody else's order is answered like one that does not exist.
    if (order === undefined || (order.customerId !== caller.customerId && !mayActForOthers(caller))) throw problem('order-not-found');
    return order;
  }
}
