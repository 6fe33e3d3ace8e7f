import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { MoreThan, type DataSource } from 'typeorm';
import { encodeToken, type ListProductsQuery, type ProductListAnswer, skuSchema, type Topology } from '#contracts';
import { decodeCursor, encodeCursor, inReadSnapshot, progressOfHome, READ_DATABASE } from '#projections';
import { TOPOLOGY } from '#service-kit';
import { ProductEntity, productReadOf } from './product.entity.ts';

export class ListProducts extends Query<ProductListAnswer> {
  readonly query: ListProductsQuery;
  constructor(query: ListProductsQuery) {
    super();
    this.query = query;
  }
}

@QueryHandler(ListProducts)
export class ListProductsHandler implements IQueryHandler<ListProducts> {
  readonly #database: DataSource;
  readonly #topology: Topology;
  constructor(@Inject(READ_DATABASE) database: DataSource, @Inject(TOPOLOGY) topology: Topology) {
    this.#database = database;
    this.#topology = topology;
  }

  async execute({ query }: ListProducts): Promise<ProductListAnswer> {
    const where = query.cursor === undefined ? {} : { sku: MoreThan(decodeCursor(skuSchema, query.cursor)) };
    return inReadSnapshot(this.#database, async (manager) => {
      const found = await manager.find(ProductEntity, { where, order: { sku: 'ASC' }, take: query.limit + 1 });
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      return {
        products: page.map(productReadOf),
        nextCursor: found.length > page.length && last !== undefined ? encodeCursor(last.sku) : null,
        consistencyToken: encodeToken(await progressOfHome(manager, 'inventory', this.#topology.catalogue)),
      };
    });
  }
}
