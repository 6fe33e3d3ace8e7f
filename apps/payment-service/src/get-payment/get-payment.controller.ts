import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type OrderId, orderIdSchema, type PaymentAnswer } from '#contracts';
import { ConsistentReads } from '#projections';
import { type Caller, CallerParam, mayActForOthers, problem, ZodParam } from '#service-kit';
import { GetPayment } from './get-payment.query.ts';

@Controller('v1/payments')
@UseInterceptors(ConsistentReads)
export class GetPaymentController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get(':orderId')
  async get(@ZodParam('orderId', orderIdSchema) orderId: OrderId, @CallerParam() caller: Caller): Promise<PaymentAnswer> {
    const payment = await this.#queries.execute(new GetPayment(orderId));
    // Somebody else's payment is answered like one that does not exist.
    if (payment === undefined || (payment.customerId !== caller.customerId && !mayActForOthers(caller))) throw problem('not-found');
    return payment;
  }
}
