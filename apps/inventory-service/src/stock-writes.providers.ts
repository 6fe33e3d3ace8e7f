import type { Provider, Type } from '@nestjs/common';
import { AdjustStockController } from './adjust-stock/adjust-stock.controller.ts';
import { AdjustStockHandler } from './adjust-stock/adjust-stock.handler.ts';
import { ImportProductsController } from './import-products/import-products.controller.ts';
import { ImportProductsHandler } from './import-products/import-products.handler.ts';
import { ReceiveStockController } from './receive-stock/receive-stock.controller.ts';
import { ReceiveStockHandler } from './receive-stock/receive-stock.handler.ts';
import { StockOperations } from './stock-operation.ts';

/**
 * The write slices, to be spread into the service's module beside `CqrsModule.forRoot()`. They need COMMAND_GATEWAY, TOPOLOGY and
 * CLOCK (of #service-kit).
 */
export const stockWriteControllers: Type[] = [ImportProductsController, ReceiveStockController, AdjustStockController];
export const stockWriteProviders: Provider[] = [StockOperations, ImportProductsHandler, ReceiveStockHandler, AdjustStockHandler];
