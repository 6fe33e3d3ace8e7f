import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { DataSource } from 'typeorm';
import { type AvailabilityAnswer, encodeToken, type Sku, type StockUnits } from '#contracts';
import { inReadSnapshot, READ_DATABASE } from '#projections';
import { ProductEntity } from '../list-products/product.entity.ts';
import { StockPoolEntity } from './stock-pool.entity.ts';

export class GetAvailability extends Query<AvailabilityAnswer | undefined> {
  readonly sku: Sku;
  constructor(sku: Sku) {
    super();
    this.sku = sku;
  }
}

const none: StockUnits = { available: 0, reserved: 0, shipped: 0, received: 0, adjusted: 0, sent: 0, arrived: 0 };

const plus = (a: StockUnits, b: StockUnits): StockUnits => ({
  available: a.available + b.available,
  reserved: a.reserved + b.reserved,
  shipped: a.shipped + b.shipped,
  received: a.received + b.received,
  adjusted: a.adjusted + b.adjusted,
  sent: a.sent + b.sent,
  arrived: a.arrived + b.arrived,
});

/** The pools as this region has read them: another region's pool may be a mirror's delay behind, so `inTransit` may be too. */
@QueryHandler(GetAvailability)
export class GetAvailabilityHandler implements IQueryHandler<GetAvailability> {
  readonly #database: DataSource;
  constructor(@Inject(READ_DATABASE) database: DataSource) {
    this.#database = database;
  }

  async execute({ sku }: GetAvailability): Promise<AvailabilityAnswer | undefined> {
    return inReadSnapshot(this.#database, async (manager) => {
      const pools = await manager.find(StockPoolEntity, { where: { sku }, order: { home: 'ASC' } });
      const product = await manager.findOneBy(ProductEntity, { sku });
      if (pools.length === 0 && product === null) return undefined;
      const total = pools.reduce<StockUnits>(plus, none);
      const seen = Object.fromEntries(pools.map(({ shard, seq }) => [shard, seq]));
      return {
        sku,
        pools: pools.map(({ home, sku: _sku, shard: _shard, seq: _seq, ...units }) => ({ region: home, ...units })),
        total: { ...total, inTransit: total.sent - total.arrived },
        consistencyToken: encodeToken(pools.length === 0 && product !== null ? { [product.shard]: product.seq } : seen),
      };
    });
  }
}
