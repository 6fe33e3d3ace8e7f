import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type AvailabilityAnswer, type Sku, skuSchema } from '#contracts';
import { ConsistentReads } from '#projections';
import { problem, Public, ZodParam } from '#service-kit';
import { GetAvailability } from './get-availability.query.ts';

@Controller('v1/products')
@UseInterceptors(ConsistentReads)
@Public()
export class GetAvailabilityController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get(':sku/availability')
  async get(@ZodParam('sku', skuSchema) sku: Sku): Promise<AvailabilityAnswer> {
    const availability = await this.#queries.execute(new GetAvailability(sku));
    if (availability === undefined) throw problem('not-found', { detail: `${sku} is neither in the catalogue nor in stock.` });
    return availability;
  }
}
