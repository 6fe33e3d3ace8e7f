import { Controller, HttpCode, HttpStatus, Inject, Post, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type InternalPricesAnswer, type InternalPricesBody, internalPricesBodySchema, internalPricesPath } from '#contracts';
import { ConsistentReads } from '#projections';
import { Public, ZodBody } from '#service-kit';
import { GetPrices } from './get-prices.query.ts';

/** Prices as this region's projection shows them, for services of the same region. */
@Controller()
@UseInterceptors(ConsistentReads)
@Public()
export class GetPricesController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Post(internalPricesPath)
  @HttpCode(HttpStatus.OK)
  prices(@ZodBody(internalPricesBodySchema) { skus }: InternalPricesBody): Promise<InternalPricesAnswer> {
    return this.#queries.execute(new GetPrices(skus));
  }
}
