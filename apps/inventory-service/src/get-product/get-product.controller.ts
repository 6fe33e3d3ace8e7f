import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type ProductAnswer, type Sku, skuSchema } from '#contracts';
import { ConsistentReads } from '#projections';
import { problem, Public, ZodParam } from '#service-kit';
import { GetProduct } from './get-product.query.ts';

@Controller('v1/products')
@UseInterceptors(ConsistentReads)
@Public()
export class GetProductController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get(':sku')
  async get(@ZodParam('sku', skuSchema) sku: Sku): Promise<ProductAnswer> {
    const product = await this.#queries.execute(new GetProduct(sku));
    if (product === undefined) throw problem('not-found', { detail: `${sku} is not in the catalogue.` });
    return product;
  }
}
