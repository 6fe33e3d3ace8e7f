import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import { encodeToken, type ProductAnswer, type Sku } from '#contracts';
import { READ_DATABASE } from '#projections';
import { ProductEntity, productReadOf } from '../list-products/product.entity.ts';

export class GetProduct extends Query<ProductAnswer | undefined> {
  readonly sku: Sku;
  constructor(sku: Sku) {
    super();
    this.sku = sku;
  }
}

@QueryHandler(GetProduct)
export class GetProductHandler implements IQueryHandler<GetProduct> {
  readonly #database: DataSource;
  constructor(@Inject(READ_DATABASE) database: DataSource) {
    this.#database = database;
  }

  async execute({ sku }: GetProduct): Promise<ProductAnswer | undefined> {
    const product = await this.#database.manager.findOneBy(ProductEntity, { sku });
    return product === null ? undefined : { ...productReadOf(product), consistencyToken: encodeToken({ [product.shard]: product.seq }) };
  }
}
