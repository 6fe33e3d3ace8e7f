import type { Provider, Type } from '@nestjs/common';
import { ConsistentReads } from '#projections';
import { GetOrderController } from './get-order/get-order.controller.ts';
import { GetOrderHandler } from './get-order/get-order.query.ts';
import { OrderLineEntity } from './get-order/order-line.entity.ts';
import { OrderEntity } from './get-order/order.entity.ts';
import { ListOrdersController } from './list-orders/list-orders.controller.ts';
import { ListOrdersHandler } from './list-orders/list-orders.query.ts';

/**
 * The read slices, to be spread into the service's module beside `CqrsModule.forRoot()`. They need READ_DATABASE and PROGRESS_WATCH
 * (`openServiceReads` of #service-host gives both) and TOPOLOGY of #service-kit.
 */
export const orderReadControllers: Type[] = [GetOrderController, ListOrdersController];
export const orderReadProviders: Provider[] = [ConsistentReads, GetOrderHandler, ListOrdersHandler];
export const orderReadEntities = [OrderEntity, OrderLineEntity];
