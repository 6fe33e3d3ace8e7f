import { Controller, Get, Inject, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type ListProductsQuery, listProductsQuerySchema, type ProductListAnswer } from '#contracts';
import { ConsistentReads } from '#projections';
import { Public, ZodQuery } from '#service-kit';
import { ListProducts } from './list-products.query.ts';

@Controller('v1/products')
@UseInterceptors(ConsistentReads)
@Public()
export class ListProductsController {
  readonly #queries: QueryBus;
  constructor(@Inject(QueryBus) queries: QueryBus) {
    this.#queries = queries;
  }

  @Get()
  list(@ZodQuery(listProductsQuerySchema) query: ListProductsQuery): Promise<ProductListAnswer> {
    return this.#queries.execute(new ListProducts(query));
  }
}
