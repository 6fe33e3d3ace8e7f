import { orderEvents, type OrderEvent } from '#contracts';
import type { ProjectorDefinition } from '#projections';
import { orderDecider, type OrderState } from './domain/order.ts';
import { orderLinesProjection } from './get-order/order-line.projection.ts';
import { ordersProjection } from './get-order/order.projection.ts';
import { OrderTables } from './migrations/order-tables.migration.ts';

export const orderSchema = 'order_service';
export const orderMigrations = [OrderTables];

/** Version of `OrderState` as JSON: raise it with every change of its shape. The writer's snapshots name the same. */
export const orderStateVersion = 1;

export const orderProjector: ProjectorDefinition<OrderEvent, OrderState> = {
  name: 'order',
  catalogue: orderEvents,
  streams: {
    stateVersion: orderStateVersion,
    streamsChangedBy: orderDecider.streamsChangedBy,
    initialState: orderDecider.initialState,
    evolve: orderDecider.evolve,
  },
  projections: [ordersProjection, orderLinesProjection],
};
