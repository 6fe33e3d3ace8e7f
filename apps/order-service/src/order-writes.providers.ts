import type { Provider, Type } from '@nestjs/common';
import { CancelOrderController } from './cancel-order/cancel-order.controller.ts';
import { CancelOrderHandler } from './cancel-order/cancel-order.handler.ts';
import { OrderOperations } from './order-operation.ts';
import { PlaceOrderController } from './place-order/place-order.controller.ts';
import { PlaceOrderHandler } from './place-order/place-order.handler.ts';
import { ReturnLinesController } from './return-lines/return-lines.controller.ts';
import { ReturnLinesHandler } from './return-lines/return-lines.handler.ts';
import { ShipLinesController } from './ship-lines/ship-lines.controller.ts';
import { ShipLinesHandler } from './ship-lines/ship-lines.handler.ts';

/**
 * The write slices, to be spread into the service's module beside `CqrsModule.forRoot()`. They need COMMAND_GATEWAY, TOPOLOGY,
 * CLOCK (of #service-kit), CATALOGUE and ORDER_OUTCOMES (of place-order).
 */
export const orderWriteControllers: Type[] = [PlaceOrderController, CancelOrderController, ShipLinesController, ReturnLinesController];
export const orderWriteProviders: Provider[] = [
  OrderOperations,
  PlaceOrderHandler,
  CancelOrderHandler,
  ShipLinesHandler,
  ReturnLinesHandler,
];
