import type { Provider, Type } from '@nestjs/common';
import { ConsistentReads } from '#projections';
import { GetAvailabilityController } from './get-availability/get-availability.controller.ts';
import { GetAvailabilityHandler } from './get-availability/get-availability.query.ts';
import { StockPoolEntity } from './get-availability/stock-pool.entity.ts';
import { GetProductController } from './get-product/get-product.controller.ts';
import { GetProductHandler } from './get-product/get-product.query.ts';
import { GetPricesController } from './internal-prices/get-prices.controller.ts';
import { GetPricesHandler } from './internal-prices/get-prices.query.ts';
import { ListProductsController } from './list-products/list-products.controller.ts';
import { ListProductsHandler } from './list-products/list-products.query.ts';
import { ProductEntity } from './list-products/product.entity.ts';

/**
 * The read slices, to be spread into the service's module beside `CqrsModule.forRoot()`. They need READ_DATABASE and PROGRESS_WATCH
 * (`openServiceReads` of #service-host gives both) and TOPOLOGY of #service-kit.
 */
export const inventoryReadControllers: Type[] = [
  ListProductsController,
  GetProductController,
  GetAvailabilityController,
  GetPricesController,
];
export const inventoryReadProviders: Provider[] = [
  ConsistentReads,
  ListProductsHandler,
  GetProductHandler,
  GetAvailabilityHandler,
  GetPricesHandler,
];
export const inventoryReadEntities = [ProductEntity, StockPoolEntity];
