import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import type { InternalPricesAnswer, Sku } from '#contracts';
import { READ_DATABASE } from '#projections';
import { ProductEntity, productReadOf } from '../list-products/product.entity.ts';

export class GetPrices extends Query<InternalPricesAnswer> {
  readonly skus: readonly Sku[];
  constructor(skus: readonly Sku[]) {
    super();
    this.skus = skus;
  }
}

@QueryHandler(GetPrices)
export class GetPricesHandler implements IQueryHandler<GetPrices> {
  readonly #database: DataSource;
  constructor(@Inject(READ_DATABASE) database: DataSource) {
    this.#database = database;
  }

  async execute({ skus }: GetPrices): Promise<InternalPricesAnswer> {
    // One array parameter: an IN list of thousands would be planned anew for every length.
    const products = await this.#database.manager.createQueryBuilder(ProductEntity, 'p').where('p.sku = any(:skus)', { skus }).getMany();
    return { prices: products.map(productReadOf) };
  }
}
