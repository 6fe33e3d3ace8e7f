import { inventoryEvents, type InventoryEvent } from '#contracts';
import type { ProjectorDefinition } from '#projections';
import { inventoryDecider, type InventoryState } from './domain/inventory.ts';
import { stockPoolsProjection } from './get-availability/stock-pool.projection.ts';
import { productsProjection } from './list-products/product.projection.ts';
import { InventoryTables } from './migrations/inventory-tables.migration.ts';
import { reservationsProjection } from './reservations/reservation.projection.ts';

export const inventorySchema = 'inventory_service';
export const inventoryMigrations = [InventoryTables];

/** Version of `InventoryState` as JSON: raise it with every change of its shape. The writer's snapshots name the same. */
export const inventoryStateVersion = 2;

export const inventoryProjector: ProjectorDefinition<InventoryEvent, InventoryState> = {
  name: 'inventory',
  catalogue: inventoryEvents,
  streams: {
    stateVersion: inventoryStateVersion,
    streamsChangedBy: inventoryDecider.streamsChangedBy,
    initialState: inventoryDecider.initialState,
    evolve: inventoryDecider.evolve,
  },
  projections: [productsProjection, stockPoolsProjection, reservationsProjection],
};
